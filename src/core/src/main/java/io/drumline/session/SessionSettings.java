package io.drumline.session;

import java.time.Duration;

/**
 * Shared sessions: those of clients that connect with a {@code client-id}.
 *
 * @param timeToLive how long a session is remembered after its client has gone
 * @param positionInterval how often a session's positions are looked at, and stored if they have
 *     changed; at most a third of {@code timeToLive}
 * @param maxPositions destinations of one session whose positions are remembered
 * @param maxSessions shared sessions that one node serves
 */
public record SessionSettings(
    Duration timeToLive, Duration positionInterval, int maxPositions, int maxSessions) {}
