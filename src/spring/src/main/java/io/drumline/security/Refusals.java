package io.drumline.security;

import io.drumline.security.Login.Reason;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs why clients were rejected: each at DEBUG, and for each reason one a minute at WARN. Clients
 * receive less detail. Any thread.
 */
final class Refusals {
  private static final Logger log = LoggerFactory.getLogger(Refusals.class);
  private static final long PERIOD = TimeUnit.MINUTES.toNanos(1);

  private static final class Warnings {
    final AtomicLong due;
    final LongAdder left = new LongAdder();

    Warnings(long now) {
      due = new AtomicLong(now);
    }
  }

  private final LongSupplier clock;
  private final Map<Reason, Warnings> warnings = new EnumMap<>(Reason.class);

  /**
   * @param clock {@link System#nanoTime}
   */
  Refusals(LongSupplier clock) {
    this.clock = clock;
    long now = clock.getAsLong();
    for (Reason reason : Reason.values()) {
      warnings.put(reason, new Warnings(now));
    }
  }

  /**
   * Logs a rejected client.
   *
   * @param detail a clause without a full stop; texts of clients must be quoted by {@link LogText}
   */
  void refused(Reason reason, String detail) {
    log.debug("A client was refused: {} [{}]", detail, reason.text());
    Warnings of = warnings.get(reason);
    if (of == null) {
      return;
    }
    long now = clock.getAsLong();
    long due = of.due.get();
    if (now - due < 0 || !of.due.compareAndSet(due, now + PERIOD)) {
      of.left.increment();
      return;
    }
    long left = of.left.sumThenReset();
    log.warn(
        "A client was refused: {} [{}]{}",
        detail,
        reason.text(),
        left == 0 ? "" : ", and " + left + " more since the last line about this reason");
  }
}
