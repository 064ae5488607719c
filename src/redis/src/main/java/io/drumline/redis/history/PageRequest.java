package io.drumline.redis.history;

import io.drumline.message.Destination;

/**
 * A page of history that is asked for.
 *
 * @param after offset behind which it begins; 0 for the oldest that is kept
 * @param count most publications in it; 0 to learn the position only
 * @param missingEpoch what becomes of a destination that has no epoch yet
 */
public record PageRequest(
    Destination destination, long after, int count, MissingEpoch missingEpoch) {

  /** What a read does where a destination has no epoch. */
  public enum MissingEpoch {
    /** It begins the first one. */
    BEGIN,
    /** It answers that there is none. */
    LEAVE
  }
}
