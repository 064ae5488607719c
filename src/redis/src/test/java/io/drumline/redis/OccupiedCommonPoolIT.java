package io.drumline.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.drumline.backplane.Inbox;
import io.drumline.backplane.Revocations;
import io.drumline.backplane.Revocations.Kind;
import io.drumline.backplane.Revocations.Subject;
import io.drumline.testing.redis.RedisServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whatever an application does with the JVM's common pool, the node goes on with Redis. */
class OccupiedCommonPoolIT {
  private static final Subject USER = new Subject(Kind.USER, "mallory");

  private final CountDownLatch end = new CountDownLatch(1);

  @BeforeEach
  void occupy() throws InterruptedException {
    int threads = ForkJoinPool.getCommonPoolParallelism();
    assertThat(threads).as("with one thread, CompletableFuture avoids the pool").isGreaterThan(1);
    CountDownLatch occupied = new CountDownLatch(threads);
    for (int i = 0; i < threads; i++) {
      ForkJoinPool.commonPool()
          .execute(
              () -> {
                occupied.countDown();
                try {
                  end.await();
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              });
    }
    assertThat(occupied.await(30, TimeUnit.SECONDS)).isTrue();
  }

  @AfterEach
  void free() {
    end.countDown();
  }

  @Test
  void connectsAgainAndLooksBlocksUp() {
    RedisServer redis = RedisServer.start();
    RedisBackplane node = Backplanes.at(redis.url(), new SimpleMeterRegistry());
    try {
      node.start(new Inbox());
      await().until(node::available);
      Revocations revocations = node.revocations();
      revocations.block(USER, Duration.ofMinutes(1), "").toCompletableFuture().join();

      redis.kill();
      await().until(() -> !node.available());
      redis.restart();
      await().until(node::available);

      assertThat(revocations.check(List.of(USER)).toCompletableFuture().join()).isPresent();
    } finally {
      node.close();
      redis.close();
    }
  }
}
