package io.drumline.redis.history;

import io.drumline.message.Destination;

/**
 * A request for a page of history.
 *
 * @param after offset after which it begins; 0 for the oldest kept message
 * @param count maximum publications in it; 0 to read the position only
 * @param missingEpoch what to do if the destination has no epoch yet
 */
public record PageRequest(
    Destination destination, long after, int count, MissingEpoch missingEpoch) {

  /** What a read does if the destination has no epoch. */
  public enum MissingEpoch {
    /** Begins the first epoch. */
    BEGIN,
    /** Answers that there is none. */
    LEAVE
  }
}
