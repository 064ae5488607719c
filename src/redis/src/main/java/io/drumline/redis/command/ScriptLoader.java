package io.drumline.redis.command;

import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.protocol.AsyncCommand;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes one Redis know a script: on each new connection, and again where it has lost the script.
 */
public final class ScriptLoader {
  private final RedisScript script;
  private final Duration timeout;
  private final Consumer<@Nullable Throwable> loadedAgain;
  private volatile boolean missing;

  /**
   * @param timeout how long Redis may take to load it on a new connection
   * @param loadedAgain told on any thread how loading it again ended; null: well
   */
  public ScriptLoader(
      RedisScript script, Duration timeout, Consumer<@Nullable Throwable> loadedAgain) {
    this.script = script;
    this.timeout = timeout;
    this.loadedAgain = loadedAgain;
  }

  /** Makes a new connection ready. */
  public CompletionStage<?> prepare(StatefulConnection<String, byte[]> connection) {
    AsyncCommand<String, byte[], String> load = script.load();
    connection.dispatch(load);
    return load.orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Redis does not know the script any more; any thread. */
  public void markMissing() {
    missing = true;
  }

  /** Loads it again where it is missing; to be called before it is used. */
  public void loadIfMissing(StatefulConnection<String, byte[]> connection) {
    if (missing) {
      missing = false;
      AsyncCommand<String, byte[], String> load = script.load();
      load.onComplete((name, failure) -> loadedAgain.accept(failure));
      Commands.send(connection, List.of(load));
    }
  }

  /** Loads it before what follows on a connection that was not made ready for it. */
  public void load(StatefulConnection<String, byte[]> connection) {
    Commands.send(connection, List.of(script.load()));
  }
}
