package io.drumline.stomp.client;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/** Metrics of the STOMP protocol. Any thread. */
public final class StompMetrics {
  private final LongAdder bytesIn = new LongAdder();
  private final Counter errors;
  private final Timer handshake;
  private final Map<SessionState, Counter> connectTimeouts = new EnumMap<>(SessionState.class);

  public StompMetrics(MeterRegistry registry) {
    for (SessionState state : SessionState.CONNECTING) {
      connectTimeouts.put(
          state,
          Counter.builder("drumline.connect.timeouts")
              .description("Clients that were not connected in time, by what they waited for")
              .tag("state", state.text())
              .register(registry));
    }
    FunctionCounter.builder("drumline.bytes.in", bytesIn, LongAdder::doubleValue)
        .description("Bytes of STOMP received from clients")
        .register(registry);
    errors =
        Counter.builder("drumline.stomp.errors")
            .description("ERROR frames sent to clients")
            .register(registry);
    handshake =
        Timer.builder("drumline.handshake")
            .description("From the opening of a client's connection to its CONNECTED")
            .serviceLevelObjectives(
                Duration.ofMillis(10),
                Duration.ofMillis(50),
                Duration.ofMillis(250),
                Duration.ofSeconds(1),
                Duration.ofSeconds(5))
            .register(registry);
  }

  /**
   * Records a connected session.
   *
   * @param begun {@link System#nanoTime} at the start of the handshake
   */
  public void connected(long begun) {
    handshake.record(System.nanoTime() - begun, TimeUnit.NANOSECONDS);
  }

  /**
   * Counts a session that was not connected in time.
   *
   * @param state the state it was in, before CONNECTED
   */
  public void connectTimeout(SessionState state) {
    Counter counter = connectTimeouts.get(state);
    if (counter != null) {
      counter.increment();
    }
  }

  public void received(int bytes) {
    bytesIn.add(bytes);
  }

  void error() {
    errors.increment();
  }
}
