package io.drumline.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
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
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class MailboxTest {
  private final Queue<Runnable> poolQueue = new ArrayDeque<>();
  private final Queue<Runnable> later = new ArrayDeque<>();
  private final AtomicLong nanos = new AtomicLong();
  private final TaskGuard guard = new Periodic(new SimpleMeterRegistry()).guard("application");
  private final Mailbox serial = new Mailbox(poolQueue::add, guard, later::add, nanos::get);
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
    assertThat(guard.failures()).isEqualTo(1);

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
    Mailbox refused = new Mailbox(pool, guard, later::add);
    assertThatExceptionOfType(RejectedExecutionException.class)
        .isThrownBy(() -> refused.execute(() -> ran.add("refused")));

    full[0] = false;
    refused.execute(() -> ran.add("accepted"));
    accepted.remove(0).run();

    assertThat(ran).containsExactly("accepted");
  }

  /** The other one was told that its task will run, as a place in the pool was being asked for. */
  @Test
  void aTaskThatCameWhileThePoolRefusedAnotherStillRuns() {
    Mailbox[] mailbox = new Mailbox[1];
    boolean[] full = {true};
    Executor pool =
        task -> {
          if (full[0]) {
            if (ran.isEmpty()) {
              ran.add("other came");
              mailbox[0].execute(() -> ran.add("other ran")); // as another thread might just now
            }
            throw new RejectedExecutionException("full");
          }
          poolQueue.add(task);
        };
    mailbox[0] = new Mailbox(pool, guard, later::add, nanos::get);
    assertThatExceptionOfType(RejectedExecutionException.class)
        .isThrownBy(() -> mailbox[0].execute(() -> ran.add("refused")));

    later.remove().run(); // still full
    full[0] = false;
    later.remove().run();
    poolQueue.remove().run();

    assertThat(ran).containsExactly("other came", "other ran");
    assertThat(later).isEmpty();
  }

  @Test
  void goesBehindTheOthersAfterAsManyTasksAsATurnHas() {
    for (int i = 0; i < Mailbox.MAX_TASKS + 1; i++) {
      serial.execute(() -> ran.add("busy"));
    }
    Mailbox quiet = new Mailbox(poolQueue::add, guard, later::add, nanos::get);
    quiet.execute(() -> ran.add("quiet"));

    while (!poolQueue.isEmpty()) {
      poolQueue.remove().run();
    }

    assertThat(ran).hasSize(Mailbox.MAX_TASKS + 2);
    assertThat(ran.get(Mailbox.MAX_TASKS)).isEqualTo("quiet");
  }

  @Test
  void goesBehindTheOthersAfterAMillisecond() {
    serial.execute(
        () -> {
          ran.add("slow");
          nanos.addAndGet(Mailbox.MAX_NANOS);
        });
    serial.execute(() -> ran.add("behind it"));
    Mailbox quiet = new Mailbox(poolQueue::add, guard, later::add, nanos::get);
    quiet.execute(() -> ran.add("quiet"));

    while (!poolQueue.isEmpty()) {
      poolQueue.remove().run();
    }

    assertThat(ran).containsExactly("slow", "quiet", "behind it");
  }

  @Test
  void goesOnWhereThePoolDoesNotTakeItsNextTurn() {
    Executor once =
        task -> {
          if (!poolQueue.isEmpty() || !ran.isEmpty()) {
            throw new RejectedExecutionException("full");
          }
          poolQueue.add(task);
        };
    Mailbox mailbox = new Mailbox(once, guard, later::add, nanos::get);
    for (int i = 0; i < 3 * Mailbox.MAX_TASKS; i++) {
      mailbox.execute(() -> ran.add("task"));
    }

    poolQueue.remove().run();

    assertThat(ran).hasSize(3 * Mailbox.MAX_TASKS);
  }

  /** Each talker has the next task ready before the last one ends, for as long as it is let. */
  @Test
  void moreTalkersThanThreadsDoNotStarveTheOthers() throws InterruptedException {
    ExecutorService threads = Executors.newFixedThreadPool(2);
    AtomicBoolean talking = new AtomicBoolean(true);
    try {
      for (int i = 0; i < 6; i++) {
        Mailbox talker = new Mailbox(threads, guard, later::add);
        talker.execute(
            new Runnable() {
              @Override
              public void run() {
                if (talking.get()) {
                  talker.execute(this);
                }
              }
            });
      }
      CountDownLatch heard = new CountDownLatch(1);
      new Mailbox(threads, guard, later::add).execute(heard::countDown);

      assertThat(heard.await(30, TimeUnit.SECONDS)).isTrue();
    } finally {
      talking.set(false);
      threads.shutdownNow();
    }
  }

  @Test
  void neverRunsTwoTasksAtOnce() throws InterruptedException {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      Mailbox onThreads = new Mailbox(threads, guard, later::add);
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
