package io.drumline.listener;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.util.unit.DataSize;

/**
 * Limits this node's memory for clients whose compressed messages refer to earlier ones. Each is
 * counted with its maximum, so that the limit holds whatever the clients send. Any thread.
 */
final class InflateContexts {
  private static final Logger log = LoggerFactory.getLogger(InflateContexts.class);

  /**
   * Native memory of one client: zlib's window of 32 KB, its state of 7 KB, and Netty's overhead,
   * rounded up.
   */
  static final int BYTES = 48 * 1024;

  private final DataSize limit;
  private final AtomicInteger taken = new AtomicInteger();
  private final AtomicBoolean full = new AtomicBoolean();
  private final Counter declined;

  InflateContexts(DataSize limit, MeterRegistry registry) {
    this.limit = limit;
    Gauge.builder("drumline.compression.bytes", () -> (double) taken.get() * BYTES)
        .description("Kept for clients whose compressed messages refer to those before")
        .baseUnit("bytes")
        .register(registry);
    Gauge.builder("drumline.compression.limit.bytes", limit::toBytes)
        .description("What that may reach")
        .baseUnit("bytes")
        .register(registry);
    declined =
        Counter.builder("drumline.compression.declined")
            .description("Clients that were not given compression, as that limit was reached")
            .register(registry);
  }

  /** Reserves the memory of one client; false if the limit is reached. */
  boolean take() {
    if ((long) taken.incrementAndGet() * BYTES <= limit.toBytes()) {
      full.set(false);
      return true;
    }
    taken.decrementAndGet();
    declined.increment();
    if (full.compareAndSet(false, true)) {
      log.warn(
          "Compression memory is used up (drumline.listener.compression-memory={}): new clients are"
              + " served without compression unless they offer client_no_context_takeover",
          limit);
    }
    return false;
  }

  /** Releases the memory of one client. */
  void release() {
    taken.decrementAndGet();
  }
}
