package io.drumline.session;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;

/** The names and meters of shared sessions. Any thread. */
final class SessionMetrics {
  final Counter stores;
  final Counter failures;
  final Counter fenced;
  final Counter untracked;

  SessionMetrics(MeterRegistry registry, Map<?, ?> sessions) {
    Gauge.builder("drumline.sessions.shared", sessions, Map::size)
        .description("Shared sessions of this node, those being stored a last time included")
        .register(registry);
    stores =
        Counter.builder("drumline.sessions.stores")
            .description("Updates of shared sessions that were stored, one command each")
            .register(registry);
    failures =
        Counter.builder("drumline.sessions.failures")
            .description("Openings and updates of shared sessions that the backplane did not take")
            .register(registry);
    fenced =
        Counter.builder("drumline.sessions.fenced")
            .description("Sockets closed because their client-id has connected elsewhere")
            .register(registry);
    untracked =
        Counter.builder("drumline.sessions.untracked")
            .description("Subscriptions beyond the positions that a session may have")
            .register(registry);
  }
}
