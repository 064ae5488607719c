package io.drumline.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class NodeTimerTest {
  private final TaskGuard guard = new Periodic(new SimpleMeterRegistry()).guard("flush");
  private final NodeTimer timer = new NodeTimer(Duration.ofMillis(1));
  private final AtomicInteger runs = new AtomicInteger();

  @AfterEach
  void close() {
    timer.close();
  }

  @Test
  void runsAgainWhatHasFailed() {
    CompletableFuture<Integer> done = new CompletableFuture<>();
    timer.after(
        Duration.ZERO,
        guard,
        () -> {
          switch (runs.incrementAndGet()) {
            case 1 -> throw new IllegalStateException("on purpose");
            case 2 -> throw new AssertionError("on purpose");
            default -> done.complete(runs.get());
          }
        });

    await().until(done::isDone);
    assertThat(guard.failures()).isEqualTo(2);
  }

  @Test
  void givesUpWhatGoesOnFailing() {
    timer.after(Duration.ZERO, guard, this::fail);

    await().until(() -> guard.failures() == 1 + NodeTimer.MAX_FAILURES);
    CompletableFuture<Boolean> later = new CompletableFuture<>();
    timer.after(Duration.ofMillis(20), guard, () -> later.complete(true));
    await().until(later::isDone);
    assertThat(runs).hasValue(1 + NodeTimer.MAX_FAILURES);
  }

  @Test
  void runsNowOnTheCallersThreadAndLaterIfThatFails() {
    List<Thread> threads = new ArrayList<>();
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    timer.now(
        guard,
        () -> {
          threads.add(Thread.currentThread());
          if (threads.size() == 1) {
            throw new AssertionError("on purpose");
          }
          done.complete(true);
        });

    await().until(done::isDone);
    assertThat(threads).hasSize(2).first().isSameAs(Thread.currentThread());
    assertThat(threads.get(1).getName()).isEqualTo("drumline-timer");
  }

  private void fail() {
    runs.incrementAndGet();
    throw new IllegalStateException("on purpose");
  }
}
