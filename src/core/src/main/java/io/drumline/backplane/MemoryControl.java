package io.drumline.backplane;

import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * The control channel of a single node: it receives its own notices before {@link #tell} returns.
 */
public final class MemoryControl implements ControlChannel {
  private final ControlListeners listeners;

  public MemoryControl(MeterRegistry registry) {
    listeners = new ControlListeners(registry);
    listeners.hearing();
  }

  @Override
  public CompletionStage<Void> tell(Notice notice) {
    listeners.heard(notice);
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public void listen(String kind, Listener listener) {
    listeners.add(kind, listener);
  }
}
