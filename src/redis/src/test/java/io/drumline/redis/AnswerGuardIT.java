package io.drumline.redis;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import io.drumline.loop.Periodic;
import io.drumline.loop.TaskGuard;
import io.drumline.redis.command.Commands;
import io.drumline.redis.connection.RedisConnector;
import io.drumline.redis.connection.RedisLink;
import io.drumline.redis.settings.RedisTarget;
import io.drumline.testing.redis.TestRedis;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisConnectionStateListener;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.output.ValueOutput;
import io.lettuce.core.protocol.AsyncCommand;
import io.lettuce.core.protocol.Command;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.NettyCustomizer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Where there is no memory for an answer of Redis, no command gets that of another one. */
class AnswerGuardIT {
  private final AtomicBoolean exhausted = new AtomicBoolean();
  private final ClientResources given =
      ClientResources.builder().nettyCustomizer(new Exhaustion()).build();
  private final TaskGuard guard = new Periodic(new SimpleMeterRegistry()).guard(RedisLink.GUARD);
  private final RedisConnector connector =
      new RedisConnector(
          new RedisTarget(
              RedisTarget.Kind.SINGLE,
              List.of(RedisURI.create(TestRedis.url())),
              ClientOptions.create(),
              given,
              Duration.ofMillis(100),
              "here"),
          Backplanes.settings(Map.of()),
          0,
          guard);

  @AfterEach
  void close() {
    connector.close();
    given.shutdown(0, 5, SECONDS).syncUninterruptibly();
  }

  @Test
  void answersThatAreLostAreNotReplacedByLaterOnes() throws Exception {
    StatefulConnection<String, byte[]> connection =
        connector.connect().toCompletableFuture().get(10, SECONDS);
    AsyncCommand<String, byte[], byte[]> one = eval("one");
    AsyncCommand<String, byte[], byte[]> two = eval("two");
    AsyncCommand<String, byte[], byte[]> three = eval("three");
    exhausted.set(true);

    connection.dispatch(List.of(one, two)); // both are answered in one piece
    assertThatThrownBy(() -> one.get(10, SECONDS)).isInstanceOf(ExecutionException.class);
    connection.dispatch(three);

    assertThatThrownBy(() -> two.get(10, SECONDS)).isInstanceOf(ExecutionException.class);
    assertThatThrownBy(() -> three.get(10, SECONDS)).isInstanceOf(ExecutionException.class);
    assertThat(connection.isOpen()).isFalse();
    assertThat(guard.failures()).isEqualTo(1);
  }

  @Test
  void aConnectionWhoseNewsCannotBeToldEnds() throws Exception {
    StatefulRedisPubSubConnection<String, byte[]> connection =
        connector.connectPubSub().toCompletableFuture().get(10, SECONDS);
    CompletableFuture<Void> ended = new CompletableFuture<>();
    connection.addListener(new Ends(ended));
    connection.addListener(
        new RedisPubSubAdapter<>() {
          @Override
          public void subscribed(String channel, long count) {
            throw new OutOfMemoryError("on purpose");
          }
        });

    connection.async().subscribe("guarded");

    ended.get(10, SECONDS);
    assertThat(guard.failures()).isEqualTo(1);
  }

  @Test
  void whatWasGivenIsNotEnded() {
    connector.close();

    assertThat(given.eventExecutorGroup().isShuttingDown()).isFalse();
  }

  private static AsyncCommand<String, byte[], byte[]> eval(String answer) {
    return new AsyncCommand<>(
        new Command<>(
            CommandType.EVAL,
            new ValueOutput<>(Commands.CODEC),
            new CommandArgs<>(Commands.CODEC).add("return '" + answer + '\'').add(0)));
  }

  private record Ends(CompletableFuture<Void> ended) implements RedisConnectionStateListener {
    @Override
    public void onRedisDisconnected(RedisChannelHandler<?, ?> handler) {
      ended.complete(null);
    }
  }

  /** What is read next cannot be taken over, where the test says so. */
  private final class Exhaustion implements NettyCustomizer {
    @Override
    public void afterChannelInitialized(Channel channel) {
      channel
          .pipeline()
          .addFirst(
              new ChannelInboundHandlerAdapter() {
                @Override
                public void channelRead(ChannelHandlerContext ctx, Object message) {
                  boolean fails = exhausted.compareAndSet(true, false);
                  ctx.fireChannelRead(fails ? unreadable((ByteBuf) message) : message);
                }
              });
    }

    private ByteBuf unreadable(ByteBuf bytes) {
      ReferenceCountUtil.release(bytes);
      ByteBuf unreadable = mock();
      when(unreadable.touch(any())).thenReturn(unreadable);
      when(unreadable.isReadable()).thenThrow(new OutOfMemoryError("on purpose"));
      return unreadable;
    }
  }
}
