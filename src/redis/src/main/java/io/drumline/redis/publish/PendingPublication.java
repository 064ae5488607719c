package io.drumline.redis.publish;

import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.drumline.redis.format.Envelope;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A publication that its publisher has no answer for yet. It may be sent more than once: its id and
 * its sequence number stay the same.
 */
final class PendingPublication {
  /** What is known of it. */
  private enum Stage {
    /** Redis does not have it. */
    WAITING,
    /** It was sent, and nothing has come of it yet. */
    IN_FLIGHT,
    /** An answer to it was lost: Redis may have it, whatever comes of it when it is sent again. */
    UNKNOWN
  }

  final Destination destination;
  final String id;
  final byte[] payload;
  final @Nullable String publisherId;

  /** The {@code message-id}. */
  final CompletableFuture<String> result = new CompletableFuture<>();

  final long begun = System.nanoTime();
  private volatile long sequence;
  private volatile long firstSent;
  private volatile Stage stage = Stage.WAITING;
  private volatile boolean redirected;
  private volatile @Nullable String askAddress;
  private boolean released;

  PendingPublication(Draft draft, String id) {
    this.destination = draft.destination();
    this.id = id;
    this.publisherId = draft.id();
    long time = System.currentTimeMillis();
    this.payload =
        destination.ordered()
            ? Envelope.tail(draft, id, time)
            : Envelope.ephemeral(draft, id, time);
  }

  /** Its place among all that the node sends. */
  long sequence() {
    return sequence;
  }

  boolean wasSent() {
    return sequence != 0;
  }

  /** Nano time of the first time it was sent. */
  long firstSent() {
    return firstSent;
  }

  void sent(long sequence) {
    this.sequence = sequence;
    this.firstSent = System.nanoTime();
  }

  /** Whether an answer to it was lost: Redis may have it. */
  boolean isUnknown() {
    return stage == Stage.UNKNOWN;
  }

  /** Whether it was sent and nothing has come of it yet. */
  boolean isInFlight() {
    return stage == Stage.IN_FLIGHT;
  }

  /** It is being sent. */
  void markInFlight() {
    move(Stage.IN_FLIGHT);
  }

  /** Redis has answered that it did nothing with it. */
  void markNotTaken() {
    move(Stage.WAITING);
  }

  /** Its answer was lost. */
  void markUnknown() {
    move(Stage.UNKNOWN);
  }

  /** By the owner and by Lettuce's I/O threads: none may undo UNKNOWN. */
  private synchronized void move(Stage next) {
    if (stage != Stage.UNKNOWN) {
      stage = next;
    }
  }

  /**
   * Redis has answered that it did nothing with it, as its slot is another's, or on its way.
   *
   * @param askAddress address of the Redis to ask instead for this once; null if none
   */
  void markRedirected(@Nullable String askAddress) {
    markNotTaken();
    this.askAddress = askAddress;
    redirected = true;
  }

  /** Whether that ever was so. */
  boolean wasRedirected() {
    return redirected;
  }

  /** The Redis to which its slot is on the way, where that is to be asked next; else null. */
  @Nullable String askAddress() {
    return askAddress;
  }

  /** Gives its room back; returns whether it had it until now. */
  synchronized boolean release() {
    boolean held = !released;
    released = true;
    return held;
  }

  boolean olderThan(long nanos, long now) {
    return now - begun > nanos;
  }
}
