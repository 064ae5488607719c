package io.drumline.security;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Counts exceeded limits and rates. Any thread. */
public final class Limits {

  /** What a rate limits. */
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

  /** Counts a client whose request was rejected. */
  public void exceeded(Limit limit) {
    count(exceeded.get(limit));
  }

  /** Counts a client that was delayed or closed. */
  public void limited(Paced paced) {
    count(limited.get(paced));
  }

  private static void count(@Nullable Counter counter) {
    if (counter != null) {
      counter.increment();
    }
  }
}
