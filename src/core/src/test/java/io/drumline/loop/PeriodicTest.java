package io.drumline.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

@ExtendWith(OutputCaptureExtension.class)
class PeriodicTest {
  private static final Duration SECOND = Duration.ofSeconds(1);

  private final EmbeddedChannel channel = new EmbeddedChannel();
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final AtomicLong nanos = new AtomicLong();
  private final Periodic periodic = new Periodic(registry, nanos::get);
  private final List<String> ran = new ArrayList<>();

  @AfterEach
  void close() {
    channel.close();
  }

  @Test
  void runsAgainAndAgain() {
    every("tick", () -> ran.add("tick"));

    pass(SECOND.minusMillis(1));
    assertThat(ran).isEmpty();
    pass(Duration.ofMillis(1));
    pass(SECOND);
    pass(SECOND);

    assertThat(ran).hasSize(3);
  }

  @Test
  void goesOnAfterAnException() {
    every(
        "sweep",
        () -> {
          ran.add("sweep");
          throw new IllegalStateException("on purpose");
        });

    pass(SECOND);
    pass(SECOND);

    assertThat(ran).hasSize(2);
    assertThat(failures("sweep")).isEqualTo(2);
  }

  /** An error may leave no memory to log it with. */
  @Test
  void failuresAreToldBeforeTheyAreLogged(CapturedOutput output) {
    List<Throwable> told = new ArrayList<>();
    periodic.onFailure(
        e -> {
          assertThat(output.getAll()).doesNotContain("Task sweep failed");
          told.add(e);
        });
    OutOfMemoryError error = new OutOfMemoryError("Java heap space");
    every(
        "sweep",
        () -> {
          throw error;
        });

    pass(SECOND);

    assertThat(told).containsExactly(error);
    assertThat(output.getAll()).contains("Task sweep failed");
  }

  @Test
  void goesOnAfterAnError(CapturedOutput output) {
    every(
        "sweep",
        () -> {
          ran.add("sweep");
          throw new AssertionError("on purpose");
        });

    pass(SECOND);
    pass(SECOND);

    assertThat(ran).hasSize(2);
    assertThat(failures("sweep")).isEqualTo(2);
    assertThat(output.getAll().lines().filter(line -> line.contains("Task sweep failed")))
        .as("one line per cause")
        .hasSize(1);
  }

  @Test
  void countsAnErrorThatCannotEvenBeLogged() {
    every(
        "sweep",
        () -> {
          ran.add("sweep");
          throw new Unspeakable();
        });

    pass(SECOND);
    pass(SECOND);

    assertThat(ran).hasSize(2);
    assertThat(failures("sweep")).isEqualTo(2);
  }

  @Test
  void theMetricIsThereBeforeTheFirstFailure() {
    every("sweep", () -> {});

    assertThat(failures("sweep")).isZero();
  }

  @Test
  void endsWhenItIsCancelled() {
    PeriodicTask task = every("tick", () -> ran.add("tick"));
    pass(SECOND);

    task.cancel();
    pass(SECOND);

    assertThat(ran).hasSize(1);
    assertThat(periodic.tasks()).isEmpty();
  }

  @Test
  void aTaskMayCancelItself() {
    PeriodicTask[] task = new PeriodicTask[1];
    task[0] =
        every(
            "tick",
            () -> {
              ran.add("tick");
              task[0].cancel();
            });

    pass(SECOND);
    pass(SECOND);

    assertThat(ran).hasSize(1);
  }

  @Test
  void remembersWhatItRunsAndWhen() {
    PeriodicTask one = every("tick", () -> {});
    PeriodicTask other = every("sweep", () -> {});
    pass(Duration.ofMillis(400));

    assertThat(periodic.tasks()).containsExactly(one, other);
    assertThat(one.name()).isEqualTo("tick");
    assertThat(one.period()).isEqualTo(SECOND);
    assertThat(one.age()).isEqualTo(Duration.ofMillis(400));
    assertThat(one.thread()).isNull();

    pass(Duration.ofMillis(600));

    assertThat(one.age()).isZero();
    assertThat(one.thread()).isSameAs(Thread.currentThread());
  }

  @Test
  void anExecutorThatHasEndedIsTheCallersFault() {
    ScheduledThreadPoolExecutor ended = new ScheduledThreadPoolExecutor(1);
    ended.shutdown();

    assertThatThrownBy(() -> periodic.every(ended, SECOND, "tick", () -> {}))
        .isInstanceOf(RejectedExecutionException.class);
    assertThat(periodic.tasks()).isEmpty();
  }

  @Test
  void guardsWhatRunsOnce() {
    TaskGuard guard = periodic.guard("flush");

    guard.run(
        () -> {
          throw new AssertionError("on purpose");
        });
    guard.guard(() -> ran.add("flush")).run();

    assertThat(ran).containsExactly("flush");
    assertThat(guard.failures()).isEqualTo(1);
    assertThat(failures("flush")).isEqualTo(1);
    assertThat(periodic.guard("flush")).isSameAs(guard);
  }

  @Test
  void aHookStandsInForEachRun() {
    every("tick", () -> ran.add("tick"));
    List<String> hooked = new ArrayList<>();
    periodic.hook(
        (task, work) -> {
          hooked.add(task);
          work.run();
          throw new AssertionError("on purpose");
        });
    TaskGuard later = periodic.guard("flush");

    pass(SECOND);
    assertThat(later.run(() -> ran.add("flush"))).isFalse();
    periodic.hook(null);
    pass(SECOND);
    assertThat(later.run(() -> ran.add("flush"))).isTrue();

    assertThat(hooked).containsExactly("tick", "flush");
    assertThat(ran).containsExactly("tick", "flush", "tick", "flush");
    assertThat(failures("tick")).isEqualTo(1);
    assertThat(periodic.guards()).extracting(TaskGuard::task).contains("tick", "flush");
  }

  private PeriodicTask every(String name, Runnable task) {
    return periodic.every(channel.eventLoop(), SECOND, name, task);
  }

  private void pass(Duration time) {
    nanos.addAndGet(time.toNanos());
    channel.advanceTimeBy(time.toNanos(), TimeUnit.NANOSECONDS);
    channel.runScheduledPendingTasks();
  }

  private double failures(String task) {
    return registry.get("drumline.task.failures").tag("task", task).counter().count();
  }

  /** As an OutOfMemoryError may be: whatever is done with it fails again. */
  private static final class Unspeakable extends Error {
    private static final long serialVersionUID = 1L;

    @Override
    public String getMessage() {
      throw new OutOfMemoryError("on purpose");
    }
  }
}
