package io.drumline.stomp;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.atomic.LongAdder;

/** What the protocol edge counts. Any thread. */
final class StompMetrics {
  private final LongAdder bytesIn = new LongAdder();
  private final Counter errors;

  StompMetrics(MeterRegistry registry) {
    FunctionCounter.builder("drumline.bytes.in", bytesIn, LongAdder::doubleValue)
        .description("Octets of STOMP received from clients")
        .register(registry);
    errors =
        Counter.builder("drumline.stomp.errors")
            .description("ERROR frames sent to clients")
            .register(registry);
  }

  void received(int octets) {
    bytesIn.add(octets);
  }

  void error() {
    errors.increment();
  }
}
