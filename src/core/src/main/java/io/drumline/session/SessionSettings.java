package io.drumline.session;

import java.time.Duration;

/**
 * Settings of shared sessions: those of clients that connect with a {@code client-id}.
 *
 * @param timeToLive how long a session is kept after its client has disconnected
 * @param positionInterval how often a session's positions are checked, and stored if changed; at
 *     most a third of {@code timeToLive}
 * @param maxPositions maximum number of destinations of one session whose positions are kept
 * @param maxSessions maximum number of shared sessions on one node
 */
public record SessionSettings(
    Duration timeToLive, Duration positionInterval, int maxPositions, int maxSessions) {}
