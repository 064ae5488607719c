package io.drumline.redis.connection;

import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisConnectionStateListener;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Knows when connections accept commands: Lettuce may return a connection slightly earlier, and
 * would reject commands sent in between. Thread safe.
 */
final class Activations implements RedisConnectionStateListener {
  private final Duration patience;

  /** By connection that is open, or was returned and will be. */
  private final Map<Object, CompletableFuture<Void>> activated = new ConcurrentHashMap<>();

  Activations(Duration patience) {
    this.patience = patience;
  }

  /** Completes with the connection once it accepts commands. */
  <C> CompletionStage<C> await(C connection) {
    return of(connection)
        .copy()
        .orTimeout(patience.toMillis(), TimeUnit.MILLISECONDS)
        .handle(
            (done, failure) -> {
              if (failure != null) {
                activated.remove(connection);
              }
              return connection; // its first command will report the problem
            });
  }

  private CompletableFuture<Void> of(Object connection) {
    return activated.computeIfAbsent(connection, one -> new CompletableFuture<>());
  }

  @Override
  public void onRedisConnected(RedisChannelHandler<?, ?> connection, SocketAddress address) {
    of(connection).complete(null);
  }

  @Override
  public void onRedisDisconnected(RedisChannelHandler<?, ?> connection) {
    activated.remove(connection);
  }
}
