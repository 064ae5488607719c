package io.drumline.loop;

/** Runs guarded work in place of its guard, so that tests can make it fail. Any thread. */
@FunctionalInterface
interface TaskHook {
  /**
   * Runs the work, or fails before or after it.
   *
   * @param task its name, as in the metric
   */
  void run(String task, Runnable work);
}
