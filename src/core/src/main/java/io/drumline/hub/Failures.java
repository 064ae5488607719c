package io.drumline.hub;

import java.util.function.Consumer;

/** Everything that fails unexpectedly in the hub is counted here, and told. Any thread. */
final class Failures {
  private final HubMetrics metrics;
  private volatile Consumer<Throwable> listener = e -> {};

  Failures(HubMetrics metrics) {
    this.metrics = metrics;
  }

  /** Tells this one from now on, on the thread where something fails. */
  void onFailure(Consumer<Throwable> toTell) {
    listener = toTell;
  }

  /** Something has failed. Throws nothing: nothing may be left halfway for it. */
  void tell(Throwable e) {
    try {
      metrics.failures.increment();
      listener.accept(e);
    } catch (Throwable ignored) { // what has failed is counted
    }
  }
}
