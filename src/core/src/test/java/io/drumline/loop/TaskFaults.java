package io.drumline.loop;

import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;

/** Has guarded tasks fail on purpose, for tests of other packages. Any thread. */
public final class TaskFaults {
  private TaskFaults() {}

  /** The names of all tasks that run under a guard: periodic ones, mailboxes, single steps. */
  public static Set<String> names(Periodic periodic) {
    return periodic.guards().stream().map(TaskGuard::task).collect(Collectors.toUnmodifiableSet());
  }

  /** Has this run each task from now on: it is given its name and its work. */
  public static void runBy(Periodic periodic, BiConsumer<String, Runnable> standIn) {
    periodic.hook(standIn::accept);
  }

  /** Tasks run by themselves again. */
  public static void end(Periodic periodic) {
    periodic.hook(null);
  }
}
