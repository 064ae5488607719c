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
 * Connections that are not upgraded yet: during TLS, the PROXY header or the HTTP request. When
 * there are too many, the oldest is closed in favour of a new one: real clients are done quickly,
 * attackers hold their connections. Each event loop keeps its own connections; called on their
 * event loop.
 */
final class Handshakes {

  /** Why a connection ended before its request. */
  enum Failure {
    /** The handshake timeout passed. */
    TIMEOUT,
    /** It was the oldest of too many. */
    DISPLACED,
    /** The TLS handshake failed. */
    TLS,
    /** A trusted proxy sent no PROXY header, or an invalid one. */
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
      counter(failure); // exports all of them from the start
    }
  }

  /** Adds a connection as the newest. */
  void begin(Channel channel) {
    Set<Channel> all = waiting.get(); // in order of arrival
    all.remove(channel);
    if (all.size() >= mostOfALoop) {
      fail(all.iterator().next(), Failure.DISPLACED);
    }
    all.add(channel);
  }

  /** Removes a connection that was upgraded or has ended. */
  void end(Channel channel) {
    waiting.get().remove(channel);
  }

  /** Closes a waiting connection, and counts the reason once. */
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
