package io.drumline.backplane;

import java.time.Duration;
import java.time.Instant;

final class MemoryRegistryTest extends NodeRegistryContract {
  private Instant now = Instant.EPOCH;
  private final MemoryRegistry registry = new MemoryRegistry(() -> now);

  @Override
  protected NodeRegistry first() {
    return registry;
  }

  @Override
  protected NodeRegistry second() {
    return registry;
  }

  @Override
  protected void pass(Duration time) {
    now = now.plus(time);
  }
}
