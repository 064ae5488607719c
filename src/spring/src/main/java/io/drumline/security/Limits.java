package io.drumline.security;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Counts what was refused or held up because it was too much. Any thread. */
public final class Limits {

  /** What comes in only so fast. */
  public enum Paced {
    MESSAGES,
    BYTES
  }

  private final Map<Limit, Counter> exceeded = new EnumMap<>(Limit.class);
  private final Map<Paced, Counter> limited = new EnumMap<>(Paced.class);

  public Limits(MeterRegistry registry) {
    for (Limit limit : Limit.values()) {
      exceeded.put(
          limit,
          Counter.builder("drumline.limits.exceeded")
              .description("What clients were refused because it was more than they may")
              .tag("limit", limit.text())
              .register(registry));
    }
    for (Paced paced : Paced.values()) {
      limited.put(
          paced,
          Counter.builder("drumline.rate.limited")
              .description("How often a client was delayed or closed because it sent too fast")
              .tag("limit", paced.name().toLowerCase(Locale.ROOT))
              .register(registry));
    }
  }

  /** A client was refused something. */
  public void exceeded(Limit limit) {
    count(exceeded.get(limit));
  }

  /** A client was delayed or closed. */
  public void limited(Paced paced) {
    count(limited.get(paced));
  }

  private static void count(@Nullable Counter counter) {
    if (counter != null) {
      counter.increment();
    }
  }
}
