package io.drumline.hub;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.backplane.MemoryBackplane;
import io.drumline.backplane.MemoryLimits;
import io.drumline.backplane.MessageIds;
import io.drumline.backplane.Retentions;
import io.drumline.loop.Periodic;
import io.drumline.loop.Watchdog;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A process that stood still closes its connections; a loop that was busy closes none. */
class ShardPauseTest {
  private static final Duration LIMIT = Duration.ofSeconds(10);

  private final AtomicLong nanos = new AtomicLong(System.nanoTime());
  private final AtomicLong millis = new AtomicLong();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final Periodic periodic = new Periodic(meters);
  private final EventLoops loops =
      new EventLoops(1, periodic, new Watchdog(periodic, LIMIT, nanos::get, millis::get));
  private final MessageIds ids = new MessageIds();
  private final Hub hub =
      new Hub(
          loops,
          new MemoryBackplane(
              ids, Retentions.DEFAULTS, MemoryLimits.DEFAULTS, new SimpleMeterRegistry()),
          ids,
          TestSettings.hub(Map.of()),
          meters,
          null);
  private final EmbeddedChannel channel = new EmbeddedChannel();
  private final Shard shard = hub.newShard(channel.eventLoop(), new LoopCounts());
  private final Connection connection =
      new Connection(channel, shard.loop, shard, "session", Compression.NONE);

  @BeforeEach
  void connect() {
    shard.add(connection);
  }

  @AfterEach
  void close() {
    channel.finishAndReleaseAll();
    loops.close();
  }

  @Test
  void aBusyLoopClosesNobodyAndIsCountedOnce() {
    long now = System.nanoTime();

    shard.fence.check(now + LIMIT.toNanos() + 1_000_000_000);
    shard.fence.check(now + LIMIT.toNanos() + 2_000_000_000);

    assertThat(connection.open()).isTrue();
    assertThat(meters.get("drumline.loop.overloads").functionCounter().count()).isEqualTo(1);
  }

  @Test
  void aProcessThatStoodStillClosesItsConnections() {
    nanos.addAndGet(LIMIT.toNanos() + 1_000_000_000);
    millis.addAndGet(LIMIT.toMillis() + 1000);

    shard.fence.check(System.nanoTime() + LIMIT.toNanos() + 1_000_000_000);

    assertThat(connection.open()).isFalse();
    assertThat(meters.get("drumline.closes").tag("reason", "stood_still").counter().count())
        .isEqualTo(1);
    assertThat(meters.get("drumline.loop.overloads").functionCounter().count()).isZero();
  }

  @Test
  void aLoopThatTicksIsNotAskedFor() {
    nanos.addAndGet(TimeUnit.HOURS.toNanos(1));
    millis.addAndGet(TimeUnit.HOURS.toMillis(1));

    shard.fence.check(System.nanoTime());

    assertThat(connection.open()).isTrue();
  }
}
