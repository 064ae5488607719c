package io.drumline.redis.command;

import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.protocol.AsyncCommand;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Loads a script into one Redis: on each new connection, and again if Redis has lost it. */
public final class ScriptLoader {
  private final RedisScript script;
  private final Duration timeout;
  private final Consumer<@Nullable Throwable> loadedAgain;
  private volatile boolean missing;

  /**
   * @param timeout how long Redis may take to load it on a new connection
   * @param loadedAgain called on any thread when a reload has ended; null if it succeeded
   */
  public ScriptLoader(
      RedisScript script, Duration timeout, Consumer<@Nullable Throwable> loadedAgain) {
    this.script = script;
    this.timeout = timeout;
    this.loadedAgain = loadedAgain;
  }

  /** Loads the script on a new connection. */
  public CompletionStage<?> prepare(StatefulConnection<String, byte[]> connection) {
    AsyncCommand<String, byte[], String> load = script.load();
    connection.dispatch(load);
    return load.orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Redis has lost the script; any thread. */
  public void markMissing() {
    missing = true;
  }

  /** Loads the script again if it is missing; called before it is used. */
  public void loadIfMissing(StatefulConnection<String, byte[]> connection) {
    if (missing) {
      missing = false;
      AsyncCommand<String, byte[], String> load = script.load();
      load.onComplete((name, failure) -> loadedAgain.accept(failure));
      Commands.send(connection, List.of(load));
    }
  }

  /** Loads the script ahead of commands on a connection that was not prepared for it. */
  public void load(StatefulConnection<String, byte[]> connection) {
    Commands.send(connection, List.of(script.load()));
  }
}
