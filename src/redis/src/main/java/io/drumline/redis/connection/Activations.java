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
 * When connections take commands: Lettuce may hand one out a moment earlier, and would refuse what
 * is sent on it in between. Thread safe.
 */
final class Activations implements RedisConnectionStateListener {
  private final Duration patience;

  /** Of connections that are open, or were handed out and will be. */
  private final Map<Object, CompletableFuture<Void>> activated = new ConcurrentHashMap<>();

  Activations(Duration patience) {
    this.patience = patience;
  }

  /** Completes with the connection once it takes commands. */
  <C> CompletionStage<C> await(C connection) {
    return of(connection)
        .copy()
        .orTimeout(patience.toMillis(), TimeUnit.MILLISECONDS)
        .handle(
            (done, failure) -> {
              if (failure != null) {
                activated.remove(connection);
              }
              return connection; // its first command says what is wrong
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
