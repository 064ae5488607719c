package io.drumline.hub;

import java.util.function.Consumer;

/** Counts and reports unexpected failures of the hub. Any thread. */
final class Failures {
  private final HubMetrics metrics;
  private volatile Consumer<Throwable> listener = e -> {};

  Failures(HubMetrics metrics) {
    this.metrics = metrics;
  }

  /** Sets the listener, which is called on the thread of the failure. */
  void onFailure(Consumer<Throwable> toTell) {
    listener = toTell;
  }

  /** Reports a failure. Never throws, so that the caller can complete its work. */
  void tell(Throwable e) {
    try {
      metrics.failures.increment();
      listener.accept(e);
    } catch (Throwable ignored) { // the failure itself is counted
    }
  }
}
