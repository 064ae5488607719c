package io.drumline.loop;

/** Runs guarded work in its guard's place, so that tests can have some of it fail. Any thread. */
@FunctionalInterface
interface TaskHook {
  /**
   * Runs the work, or fails before or after it.
   *
   * @param task its name, as in the metric
   */
  void run(String task, Runnable work);
}
