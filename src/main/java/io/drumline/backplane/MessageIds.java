package io.drumline.backplane;

import io.drumline.message.Destination;
import java.security.SecureRandom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Makes ids that are unique in the cluster without asking it: a random name for this run of the
 * node, and a count. Thread safe.
 */
public final class MessageIds {
  private static final int RADIX = Character.MAX_RADIX;

  private final SecureRandom random = new SecureRandom();
  private final String incarnation = randomName();
  private final AtomicLong count = new AtomicLong();

  /** A new message id, such as {@code 1x8k2m1zq-3a}; at most 24 characters of {@code [0-9a-z-]}. */
  public String next() {
    return incarnation + '-' + Long.toString(count.incrementAndGet(), RADIX);
  }

  /** The random name of this run of the node; differs after a restart. */
  public String incarnation() {
    return incarnation;
  }

  /**
   * A new epoch for a destination. It begins with a hash of the destination, so that a position
   * taken to another destination is recognised as foreign, not mistaken for lost history.
   */
  public String newEpoch(Destination destination) {
    return destinationTag(destination) + randomName();
  }

  /** The five characters that every epoch of the destination begins with. */
  public static String destinationTag(Destination destination) {
    int tag =
        Math.floorMod(
            destination.value().hashCode() * 0x9E3779B1, RADIX * RADIX * RADIX * RADIX * RADIX);
    String text = Integer.toString(tag, RADIX);
    return "0".repeat(5 - text.length()) + text;
  }

  private String randomName() {
    return Long.toString(random.nextLong() >>> 18, RADIX);
  }
}
