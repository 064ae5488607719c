package io.drumline.listener;

import io.drumline.hub.EventLoops;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.channel.Channel;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.FastThreadLocal;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Set;

/**
 * The connections that are not upgraded yet: at TLS, at the PROXY header, at their request. When
 * there are too many, the oldest gives way to the new one: who is in earnest needs a moment, who
 * fills the places does not leave. Each connection is told of on its own event loop.
 */
final class Handshakes {

  /** Why a connection ended before it had made its request. */
  enum Failure {
    /** It took too long. */
    TIMEOUT,
    /** It was the oldest of too many. */
    DISPLACED,
    /** TLS was not agreed on. */
    TLS,
    /** A trusted proxy sent no PROXY header, or a broken one. */
    PROXY
  }

  private final int mostOfALoop;
  private final MeterRegistry registry;
  private final FastThreadLocal<Set<Channel>> waiting =
      new FastThreadLocal<>() {
        @Override
        protected Set<Channel> initialValue() {
          return new LinkedHashSet<>();
        }
      };

  Handshakes(int most, EventLoops loops, MeterRegistry registry) {
    int count = 0;
    for (EventExecutor loop : loops.group()) {
      count += loop.isShutdown() ? 0 : 1;
    }
    this.mostOfALoop = Math.max(1, most / Math.max(1, count));
    this.registry = registry;
    for (Failure failure : Failure.values()) {
      counter(failure); // shows all of them from the start
    }
  }

  /** A connection begins to wait, as the youngest. */
  void begin(Channel channel) {
    Set<Channel> all = waiting.get(); // in the order of their coming
    all.remove(channel);
    if (all.size() >= mostOfALoop) {
      fail(all.iterator().next(), Failure.DISPLACED);
    }
    all.add(channel);
  }

  /** It is upgraded or has ended. */
  void end(Channel channel) {
    waiting.get().remove(channel);
  }

  /** Closes one that waits, and counts why, once. */
  void fail(Channel channel, Failure failure) {
    if (waiting.get().remove(channel)) {
      counter(failure).increment();
    }
    channel.close();
  }

  private Counter counter(Failure failure) {
    return Counter.builder("drumline.handshakes.failed")
        .description("Connections that ended before their request, by why.")
        .tag("reason", failure.name().toLowerCase(Locale.ROOT))
        .register(registry);
  }
}
