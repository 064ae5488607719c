package io.drumline.backplane;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;

final class MemoryControlTest extends ControlChannelContract {
  private final ControlChannel control = new MemoryControl(new SimpleMeterRegistry());

  @Override
  protected ControlChannel first() {
    return control;
  }

  @Override
  protected ControlChannel second() {
    return control;
  }
}
