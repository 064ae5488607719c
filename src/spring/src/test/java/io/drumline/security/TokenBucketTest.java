package io.drumline.security;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drumline.security.TokenBucket.Rate;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenBucketTest {
  private static final Rate TEN = new Rate(10, 20);

  private static int taken(TokenBucket bucket, long now) {
    int taken = 0;
    while (bucket.tryTake(1, now)) {
      taken++;
    }
    return taken;
  }

  /** The clock is as good as any number: near its overflow, too. */
  @ParameterizedTest
  @ValueSource(longs = {0, -5, Long.MAX_VALUE - 5, Long.MIN_VALUE})
  void givesABurstAndThenTheRate(long start) {
    TokenBucket bucket = new TokenBucket(TEN, start);
    assertThat(taken(bucket, start)).isEqualTo(20);
    assertThat(taken(bucket, start + MILLISECONDS.toNanos(99))).isZero();
    assertThat(taken(bucket, start + MILLISECONDS.toNanos(100))).isEqualTo(1);
    assertThat(taken(bucket, start + SECONDS.toNanos(1))).isEqualTo(9);
    assertThat(taken(bucket, start + SECONDS.toNanos(100))).isEqualTo(20);
  }

  @Test
  void takesAllOrNothing() {
    TokenBucket bucket = new TokenBucket(TEN, 0);
    assertThat(bucket.tryTake(21, 0)).isFalse();
    assertThat(bucket.tryTake(15, 0)).isTrue();
    assertThat(bucket.tryTake(6, 0)).isFalse();
    assertThat(bucket.tryTake(5, 0)).isTrue();
  }

  @Test
  void tellsHowLongToWaitForWhatIsOwed() {
    TokenBucket bucket = new TokenBucket(TEN, 0);
    assertThat(bucket.take(20, 0)).isZero();
    assertThat(bucket.take(5, 0)).isEqualTo(MILLISECONDS.toNanos(500));
    assertThat(bucket.take(1, MILLISECONDS.toNanos(500))).isEqualTo(MILLISECONDS.toNanos(100));
    assertThat(bucket.take(1, SECONDS.toNanos(2))).isZero();
  }

  @Test
  void staysSaneWithHugeAmounts() {
    TokenBucket bucket = new TokenBucket(new Rate(1, 1), 0);
    assertThat(bucket.tryTake(Long.MAX_VALUE, 0)).isFalse();
    assertThat(bucket.tryTake(1, 0)).isTrue();
    assertThatThrownBy(() -> new Rate(0, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Rate(1, Long.MAX_VALUE))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void givesNoMoreToSeveralThreads() throws InterruptedException {
    SharedTokenBucket bucket = new SharedTokenBucket(new Rate(1, 5000), 0);
    AtomicInteger taken = new AtomicInteger();
    CountDownLatch done = new CountDownLatch(4);
    for (int i = 0; i < 4; i++) {
      new Thread(
              () -> {
                for (int n = 0; n < 5000; n++) {
                  taken.addAndGet(bucket.tryTake(1, 0) ? 1 : 0);
                }
                done.countDown();
              })
          .start();
    }
    done.await();
    assertThat(taken).hasValue(5000);
  }
}
