package io.drumline.e2e;

import java.util.List;

/** A Redis of one test, without persistence. */
final class RedisProcess implements AutoCloseable {
  private final int port = RunningProgram.freePort();
  private final RunningProgram program;

  RedisProcess() {
    program =
        RunningProgram.start(
                "redis",
                List.of(
                    Programs.REDIS.path().toString(),
                    "--bind",
                    "127.0.0.1",
                    "--port",
                    Integer.toString(port),
                    "--save",
                    "",
                    "--appendonly",
                    "no"))
            .listening(port);
  }

  int port() {
    return port;
  }

  String url() {
    return "redis://127.0.0.1:" + port;
  }

  /** SIGSTOP: it keeps its connections and answers nothing. */
  void pause() {
    program.signal("STOP");
  }

  void resume() {
    program.signal("CONT");
  }

  /** Ends it, before its test does. */
  void end() {
    program.close();
  }

  @Override
  public void close() {
    end();
  }
}
