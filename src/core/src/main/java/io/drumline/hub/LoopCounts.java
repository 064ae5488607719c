package io.drumline.hub;

import io.drumline.loop.PeriodicTask;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Counts of one event loop. Written on that loop, read by any thread. */
final class LoopCounts {
  private volatile int connections;
  private volatile int subscriptions;
  private volatile int topics;
  private volatile long queueBytes;
  private volatile @Nullable PeriodicTask ticking;

  /** Open connections. */
  int connections() {
    return connections;
  }

  void connections(int count) {
    connections = count;
  }

  /** Subscriptions, including those that catch up. */
  int subscriptions() {
    return subscriptions;
  }

  void addSubscriptions(int change) {
    subscriptions = subscriptions() + change;
  }

  /** Destinations with a subscriber. */
  int topics() {
    return topics;
  }

  void topics(int count) {
    topics = count;
  }

  /** Bytes in the connections' outbound queues, as last sampled. */
  long queueBytes() {
    return queueBytes;
  }

  void queueBytes(long sampled) {
    queueBytes = sampled;
  }

  /** Sets the loop's periodic task. */
  void ticking(PeriodicTask task) {
    ticking = task;
  }

  /** Time since the loop last ran its periodic task; zero before the first run. */
  Duration tickAge() {
    PeriodicTask task = ticking;
    return task == null ? Duration.ZERO : task.age();
  }
}
