package io.drumline.stomp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SerialExecutorTest {
  private final Queue<Runnable> poolQueue = new ArrayDeque<>();
  private final SerialExecutor serial = new SerialExecutor(poolQueue::add);
  private final List<String> ran = new ArrayList<>();

  @Test
  void runsTasksInOrderInOnePlaceOfThePool() {
    serial.execute(() -> ran.add("1"));
    serial.execute(() -> ran.add("2"));
    serial.execute(() -> ran.add("3"));
    assertThat(poolQueue).hasSize(1);

    poolQueue.remove().run();

    assertThat(ran).containsExactly("1", "2", "3");
    assertThat(poolQueue).isEmpty();
  }

  @Test
  void asksForAPlaceAgainAfterItWasIdle() {
    serial.execute(() -> ran.add("1"));
    poolQueue.remove().run();

    serial.execute(() -> ran.add("2"));
    poolQueue.remove().run();

    assertThat(ran).containsExactly("1", "2");
  }

  @Test
  void runsWhatATaskAddsAfterIt() {
    serial.execute(
        () -> {
          serial.execute(() -> ran.add("added"));
          ran.add("first");
        });
    poolQueue.remove().run();

    assertThat(ran).containsExactly("first", "added");
  }

  @Test
  void aFailedTaskDoesNotStopTheOnesBehindIt() {
    serial.execute(
        () -> {
          throw new AssertionError("This test's own failure, to be seen in the log.");
        });
    serial.execute(() -> ran.add("behind"));
    poolQueue.remove().run();
    assertThat(ran).containsExactly("behind");

    serial.execute(() -> ran.add("later"));
    poolQueue.remove().run();
    assertThat(ran).containsExactly("behind", "later");
  }

  @Test
  void forgetsATaskThatThePoolRefuses() {
    List<Runnable> accepted = new ArrayList<>();
    boolean[] full = {true};
    Executor pool =
        task -> {
          if (full[0]) {
            throw new RejectedExecutionException("full");
          }
          accepted.add(task);
        };
    SerialExecutor refused = new SerialExecutor(pool);
    assertThatExceptionOfType(RejectedExecutionException.class)
        .isThrownBy(() -> refused.execute(() -> ran.add("refused")));

    full[0] = false;
    refused.execute(() -> ran.add("accepted"));
    accepted.remove(0).run();

    assertThat(ran).containsExactly("accepted");
  }

  @Test
  void neverRunsTwoTasksAtOnce() throws InterruptedException {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      SerialExecutor onThreads = new SerialExecutor(threads);
      AtomicInteger inside = new AtomicInteger();
      AtomicInteger overlaps = new AtomicInteger();
      int[] unguarded = new int[1]; // visible to all tasks, in order, without a lock of its own
      int tasks = 20_000;
      CountDownLatch done = new CountDownLatch(tasks);
      for (int i = 0; i < tasks; i++) {
        onThreads.execute(
            () -> {
              if (inside.getAndIncrement() != 0) {
                overlaps.incrementAndGet();
              }
              unguarded[0]++;
              inside.decrementAndGet();
              done.countDown();
            });
      }

      assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(overlaps).hasValue(0);
      assertThat(unguarded[0]).isEqualTo(tasks);
    } finally {
      threads.shutdownNow();
    }
  }
}
