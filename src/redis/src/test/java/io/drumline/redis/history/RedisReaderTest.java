package io.drumline.redis.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.doCallRealMethod;
import static org.mockito.Mockito.doThrow;
import static org.mockito.Mockito.spy;

import io.drumline.backplane.History;
import io.drumline.backplane.MessageIds;
import io.drumline.backplane.Retentions;
import io.drumline.message.Destination;
import io.drumline.redis.Backplanes;
import io.drumline.redis.connection.Topology;
import io.drumline.redis.format.InvalidEnvelopes;
import io.drumline.redis.format.RedisKeys;
import io.drumline.redis.history.PageRequest.MissingEpoch;
import io.drumline.redis.status.RedisMetrics;
import io.drumline.redis.status.RedisRefusals;
import io.drumline.testing.redis.FakeRedis;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.protocol.CommandType;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.util.concurrent.ImmediateEventExecutor;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RedisReaderTest {
  private final FakeRedis redis = new FakeRedis();
  private final RedisMetrics metrics = new RedisMetrics(new SimpleMeterRegistry());
  private final Retentions retentions = spy(Retentions.DEFAULTS);
  private final RedisReader reader =
      new RedisReader(
          new ReadScript(
              new RedisKeys("drumline:"),
              new MessageIds(),
              retentions,
              new InvalidEnvelopes(metrics)),
          Backplanes.settings(Map.of()),
          metrics,
          new RedisRefusals("here", metrics, Duration.ofSeconds(5), System::nanoTime),
          ImmediateEventExecutor.INSTANCE,
          () -> redis.connection,
          new FailingCluster());

  /** It cannot even look for who has the keys. */
  private static final class FailingCluster implements Topology {
    @Override
    public void refresh() {
      throw new IllegalStateException("injected");
    }

    @Override
    public @Nullable StatefulConnection<String, byte[]> connectionTo(String address) {
      return null;
    }
  }

  @Test
  void readsThatCannotBeSentGiveTheirPlacesBack() {
    redis.failAt(CommandType.EVALSHA, new OutOfMemoryError("injected"));
    for (int i = 0; i < 40; i++) {
      assertThat(read()).isCompletedExceptionally();
    }
    redis.failAt(null, new IllegalStateException());
    var unused = read();
    assertThat(redis.waiting()).containsExactly(CommandType.EVALSHA);
  }

  @Test
  void readsThatCannotBeWrittenGiveTheirPlacesBack() {
    doThrow(new OutOfMemoryError("injected")).when(retentions).of(any());
    for (int i = 0; i < 40; i++) {
      assertThat(read()).isCompletedExceptionally();
    }
    doCallRealMethod().when(retentions).of(any());
    var unused = read();
    assertThat(redis.waiting()).containsExactly(CommandType.EVALSHA);
  }

  @Test
  void readsWhoseSlotIsOnItsWayGiveTheirPlacesBack() {
    redis.failAt(CommandType.PTTL, new OutOfMemoryError("injected"));
    for (int i = 0; i < 40; i++) {
      var asked = read();
      redis.refuses("ASK 7 there:1");
      assertThat(asked).isCompletedExceptionally();
      var moved = read();
      redis.refuses("MOVED 7 there:1");
      assertThat(moved).isCompletedExceptionally();
    }
    var unused = read();
    assertThat(redis.waiting()).containsExactly(CommandType.EVALSHA);
  }

  private CompletableFuture<History> read() {
    return reader
        .read(new PageRequest(Destination.of("/topic/a"), 0, 10, MissingEpoch.LEAVE))
        .toCompletableFuture();
  }
}
