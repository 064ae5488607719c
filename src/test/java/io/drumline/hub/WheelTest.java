package io.drumline.hub;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WheelTest {
  private static final String NOTHING = "nothing";

  private final EventLoop loop = new DefaultEventLoop();
  private final Wheel wheel = new Wheel(loop);
  private final BlockingQueue<String> fired = new LinkedBlockingQueue<>();

  @AfterEach
  void close() {
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
  }

  @ParameterizedTest
  @ValueSource(longs = {-5, 0, 1, 99, 100, 101, 350})
  void neverFiresEarly(long millis) throws InterruptedException {
    BlockingQueue<Long> waited = new LinkedBlockingQueue<>();
    loop.execute(
        () -> {
          long asked = System.nanoTime();
          wheel.after(
              millis,
              () -> {
                waited.add(System.nanoTime() - asked);
                return 0;
              });
        });

    assertThat(waited.poll(30, TimeUnit.SECONDS))
        .isNotNull()
        .isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(millis));
  }

  @Test
  void aTimerThatFailsDoesNotStopTheOthers() throws InterruptedException {
    after(
        1,
        () -> {
          throw new IllegalStateException("on purpose");
        });
    after(300, () -> fire("later"));

    assertThat(next()).isEqualTo("later");
  }

  @Test
  void firesOnItsLoop() throws InterruptedException {
    after(1, () -> fire(loop.inEventLoop() ? "on the loop" : "elsewhere"));

    assertThat(next()).isEqualTo("on the loop");
  }

  @Test
  void firesInTheOrderOfTheirTimes() throws InterruptedException {
    loop.execute(
        () -> {
          wheel.after(700, () -> fire("third"));
          wheel.after(100, () -> fire("first"));
          wheel.after(400, () -> fire("second"));
        });

    assertThat(next()).isEqualTo("first");
    assertThat(next()).isEqualTo("second");
    assertThat(next()).isEqualTo("third");
  }

  @Test
  void firesAgainUntilItReturnsNoTime() throws InterruptedException {
    int[] left = {2};
    loop.execute(
        () -> {
          wheel.after(
              1,
              () -> {
                fired.add("again " + left[0]);
                return left[0]-- > 0 ? 1 : 0;
              });
          wheel.after(1500, () -> fire("end"));
        });

    assertThat(next()).isEqualTo("again 2");
    assertThat(next()).isEqualTo("again 1");
    assertThat(next()).isEqualTo("again 0");
    assertThat(next()).isEqualTo("end");
  }

  @Test
  void aTimerMayAddOthers() throws InterruptedException {
    after(
        1,
        () -> {
          wheel.after(1, () -> fire("added"));
          wheel.after(Wheel.TICK_MILLIS * 512L - 1, () -> fire("a whole turn later"));
          return fire("adding");
        });

    assertThat(next()).isEqualTo("adding");
    assertThat(next()).isEqualTo("added");
  }

  @Test
  void manyTimersOfOneTickAllFire() throws InterruptedException {
    loop.execute(
        () -> {
          for (int i = 0; i < 1000; i++) {
            wheel.after(50, () -> fire("one"));
          }
        });

    for (int i = 0; i < 1000; i++) {
      assertThat(next()).isEqualTo("one");
    }
  }

  private void after(long millis, Wheel.Timer timer) {
    loop.execute(() -> wheel.after(millis, timer));
  }

  private long fire(String what) {
    fired.add(what);
    return 0;
  }

  private String next() throws InterruptedException {
    String what = fired.poll(30, TimeUnit.SECONDS);
    return what == null ? NOTHING : what;
  }
}
