package io.drumline.backplane;

import io.drumline.message.Cursor;
import io.drumline.message.Destination;
import io.drumline.message.Position;
import java.security.SecureRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Generates ids that are unique in the cluster without coordination: a random name for this run of
 * the node, and a counter. Thread safe.
 */
public final class MessageIds {
  private static final int RADIX = Character.MAX_RADIX;

  /** The time of one in this many ids is kept. */
  private static final int SAMPLE = 8;

  /** Number of times kept: covers 32,768 ids, more than are ever in flight. */
  private static final int KEPT = 4096;

  private record Given(long count, long nanos) {}

  private final SecureRandom random = new SecureRandom();
  private final String incarnation = randomName();
  private final AtomicLong count = new AtomicLong();
  private final AtomicReferenceArray<Given> given = new AtomicReferenceArray<>(KEPT);

  /** A new message id, such as {@code 1x8k2m1zq-3a}; at most 24 characters of {@code [0-9a-z-]}. */
  public String next() {
    long number = count.incrementAndGet();
    if (number % SAMPLE == 0) {
      given.set(slot(number), new Given(number, System.nanoTime()));
    }
    return incarnation + '-' + Long.toString(number, RADIX);
  }

  /**
   * When the id was generated, by {@link System#nanoTime}. Returns 0 if unknown: the id belongs to
   * another node, or is not one of the one in eight whose time is kept for a while.
   */
  public long givenAt(String id) {
    int start = incarnation.length() + 1;
    if (id.length() <= start || id.charAt(start - 1) != '-' || !id.startsWith(incarnation)) {
      return 0;
    }
    long number = 0;
    for (int i = start; i < id.length(); i++) {
      number = number * RADIX + Character.digit(id.charAt(i), RADIX);
    }
    if (number < 0 || number % SAMPLE != 0) {
      return 0;
    }
    Given kept = given.get(slot(number));
    return kept != null && kept.count() == number ? kept.nanos() : 0;
  }

  private static int slot(long number) {
    return (int) (number / SAMPLE % KEPT);
  }

  /** The random name of this run of the node; differs after a restart. */
  public String incarnation() {
    return incarnation;
  }

  /**
   * A new epoch for a destination. It begins with a hash of the destination, so that a position
   * used with another destination is recognized as foreign and not mistaken for lost history.
   */
  public String newEpoch(Destination destination) {
    return destinationTag(destination) + randomName();
  }

  /** The five characters with which every epoch of the destination begins. */
  public static String destinationTag(Destination destination) {
    int tag =
        Math.floorMod(
            destination.value().hashCode() * 0x9E3779B1, RADIX * RADIX * RADIX * RADIX * RADIX);
    String text = Integer.toString(tag, RADIX);
    return "0".repeat(5 - text.length()) + text;
  }

  /**
   * A position that is in no history of the destination: a subscription that resumes there receives
   * a gap notice.
   */
  public static Cursor nowhere(Destination destination) {
    return new Cursor(new Position(destinationTag(destination) + '0', 0), "");
  }

  private String randomName() {
    return Long.toString(random.nextLong() >>> 18, RADIX);
  }
}
