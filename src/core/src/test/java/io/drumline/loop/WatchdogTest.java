package io.drumline.loop;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

@ExtendWith(OutputCaptureExtension.class)
class WatchdogTest {
  private static final Duration TICK = Duration.ofMillis(100);
  private static final Duration LIMIT = Duration.ofSeconds(10);

  private final AtomicLong nanos = new AtomicLong();
  private final AtomicLong millis = new AtomicLong(1_700_000_000_000L);
  private final EmbeddedChannel channel = new EmbeddedChannel();
  private final Periodic periodic = new Periodic(new SimpleMeterRegistry(), nanos::get);
  private final Watchdog watchdog = new Watchdog(periodic, LIMIT, nanos::get, millis::get);

  @AfterEach
  void close() {
    channel.close();
  }

  @Test
  void aLoopThatTicksIsLive() {
    periodic.every(channel.eventLoop(), TICK, "loop_tick", () -> {});

    pass(Duration.ofMinutes(2));

    assertThat(watchdog.live()).isTrue();
  }

  @Test
  void aLoopThatIsStuckIsNotLiveAfterThirtySeconds(CapturedOutput output) {
    periodic.every(channel.eventLoop(), TICK, "loop_tick", () -> {});
    pass(Duration.ofSeconds(1));

    passStuck(Watchdog.STUCK_AFTER);
    assertThat(watchdog.live()).isTrue();
    passStuck(Duration.ofSeconds(1));

    assertThat(watchdog.live()).isFalse();
    assertThat(watchdog.stuck())
        .containsExactly("loop_tick (" + Thread.currentThread().getName() + ")");
    assertThat(output).contains("has not run for 30 s", "WatchdogTest.passStuck");
    pass(Duration.ofSeconds(1));
    assertThat(watchdog.live()).isTrue();
  }

  @Test
  void aRealLoopThatIsStuckIsNotLive() throws InterruptedException {
    EventLoop loop = new DefaultEventLoop();
    CountDownLatch ticked = new CountDownLatch(1);
    CountDownLatch blocked = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    try {
      periodic.every(loop, Duration.ofMillis(1), "loop_tick", ticked::countDown);
      assertThat(ticked.await(30, TimeUnit.SECONDS)).isTrue();
      loop.execute(
          () -> {
            blocked.countDown();
            awaitUninterruptibly(release);
          });
      assertThat(blocked.await(30, TimeUnit.SECONDS)).isTrue();

      passStuck(Watchdog.STUCK_AFTER.plusSeconds(1));

      assertThat(watchdog.live()).isFalse();
    } finally {
      release.countDown();
      loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }
  }

  @Test
  void aLoopThatHasEndedIsNotLive(CapturedOutput output) throws InterruptedException {
    EventLoop loop = new DefaultEventLoop();
    CountDownLatch ticked = new CountDownLatch(1);
    periodic.every(loop, Duration.ofMillis(1), "loop_tick", ticked::countDown);
    assertThat(ticked.await(30, TimeUnit.SECONDS)).isTrue();
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();

    passStuck(Watchdog.STUCK_AFTER.plusSeconds(1));

    assertThat(watchdog.live()).isFalse();
    assertThat(output).contains("has ended");
  }

  @Test
  void aTaskThatWasCancelledIsNotMissed() {
    PeriodicTask task = periodic.every(channel.eventLoop(), TICK, "loop_tick", () -> {});
    passStuck(Watchdog.STUCK_AFTER.plusSeconds(1));
    assertThat(watchdog.live()).isFalse();

    task.cancel();
    watchdog.beat();

    assertThat(watchdog.live()).isTrue();
  }

  @Test
  void aTaskMayHaveALongPeriod() {
    periodic.every(channel.eventLoop(), Duration.ofMinutes(5), "sweep", () -> {});

    pass(Duration.ofMinutes(4));

    assertThat(watchdog.live()).isTrue();
  }

  @Test
  void aTaskThatAlwaysThrowsIsLive() {
    periodic.every(
        channel.eventLoop(),
        TICK,
        "loop_tick",
        () -> {
          throw new AssertionError("on purpose");
        });

    pass(Duration.ofMinutes(1));

    assertThat(watchdog.live()).isTrue();
  }

  @Test
  void timeInWhichTheProcessWasStoppedIsNobodysFault() {
    periodic.every(channel.eventLoop(), TICK, "loop_tick", () -> {});
    pass(Duration.ofSeconds(1));

    stop(Duration.ofMinutes(10));
    watchdog.beat();

    assertThat(watchdog.live()).isTrue();
  }

  @Test
  void aStoppedProcessStoodStillAlsoBeforeTheWatchdogHasRunAgain() {
    pass(Duration.ofSeconds(1));
    long tick = nanos.get();

    stop(LIMIT.plusSeconds(1));

    assertThat(watchdog.stoodStill(tick)).isTrue();
    watchdog.beat();
    assertThat(watchdog.stoodStill(tick)).isTrue();
    pass(Duration.ofSeconds(5));
    assertThat(watchdog.stoodStill(tick)).isTrue();
    assertThat(watchdog.stoodStill(nanos.get())).isFalse();
  }

  @Test
  void aShortStopIsNone() {
    pass(Duration.ofSeconds(1));
    long tick = nanos.get();

    stop(LIMIT.minusSeconds(1));

    assertThat(watchdog.stoodStill(tick)).isFalse();
  }

  @Test
  void aBusyLoopIsNoStop() {
    long tick = nanos.get();

    passStuck(LIMIT.multipliedBy(3));

    assertThat(watchdog.stoodStill(tick)).isFalse();
  }

  @Test
  void aWallClockThatIsSetIsNoStop() {
    pass(Duration.ofSeconds(1));
    long tick = nanos.get();

    millis.addAndGet(TimeUnit.HOURS.toMillis(1));

    assertThat(watchdog.stoodStill(tick)).isFalse();
    watchdog.beat();
    assertThat(watchdog.stoodStill(tick)).isFalse();
  }

  @Test
  void itsThreadLooksAgainAndAgain() throws InterruptedException {
    CountDownLatch looked = new CountDownLatch(2);
    Watchdog real =
        new Watchdog(
            periodic,
            LIMIT,
            () -> {
              looked.countDown();
              return System.nanoTime();
            },
            System::currentTimeMillis);
    real.start();
    assertThat(looked.await(30, TimeUnit.SECONDS)).isTrue();
    real.close();
  }

  /** The process runs, and the loop with it. */
  private void pass(Duration time) {
    for (long beats = time.dividedBy(Watchdog.BEAT); beats > 0; beats--) {
      stop(Watchdog.BEAT);
      channel.advanceTimeBy(Watchdog.BEAT.toNanos(), TimeUnit.NANOSECONDS);
      channel.runScheduledPendingTasks();
      watchdog.beat();
    }
  }

  /** The process runs, but not the loop. */
  private void passStuck(Duration time) {
    for (long beats = time.dividedBy(Watchdog.BEAT); beats > 0; beats--) {
      stop(Watchdog.BEAT);
      watchdog.beat();
    }
  }

  /** Nothing runs. */
  private void stop(Duration time) {
    nanos.addAndGet(time.toNanos());
    millis.addAndGet(time.toMillis());
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
