package io.drumline.redis.publish;

import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.drumline.redis.format.Envelope;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A publication without an answer yet. It may be sent more than once, with the same id and sequence
 * number.
 */
final class PendingPublication {
  /** What is known about it. */
  private enum Stage {
    /** Redis does not have it. */
    WAITING,
    /** It was sent, without an answer so far. */
    IN_FLIGHT,
    /** An answer was lost: Redis may have stored it, whatever a resend returns. */
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

  /** Its position among everything that the node sends. */
  long sequence() {
    return sequence;
  }

  boolean wasSent() {
    return sequence != 0;
  }

  /** {@link System#nanoTime} when it was first sent. */
  long firstSent() {
    return firstSent;
  }

  void sent(long sequence) {
    this.sequence = sequence;
    this.firstSent = System.nanoTime();
  }

  /** Whether an answer was lost: Redis may have stored it. */
  boolean isUnknown() {
    return stage == Stage.UNKNOWN;
  }

  /** Whether it was sent, without an answer so far. */
  boolean isInFlight() {
    return stage == Stage.IN_FLIGHT;
  }

  /** It is being sent. */
  void markInFlight() {
    move(Stage.IN_FLIGHT);
  }

  /** Redis has answered that it did not process it. */
  void markNotTaken() {
    move(Stage.WAITING);
  }

  /** Its answer was lost. */
  void markUnknown() {
    move(Stage.UNKNOWN);
  }

  /** Called by the owner and by Lettuce's I/O threads: neither may undo UNKNOWN. */
  private synchronized void move(Stage next) {
    if (stage != Stage.UNKNOWN) {
      stage = next;
    }
  }

  /**
   * Redis has answered that it did not process it, because its slot belongs to another master or is
   * being migrated.
   *
   * @param askAddress address of the Redis to ask once instead; null if none
   */
  void markRedirected(@Nullable String askAddress) {
    markNotTaken();
    this.askAddress = askAddress;
    redirected = true;
  }

  /** Whether it was ever redirected. */
  boolean wasRedirected() {
    return redirected;
  }

  /** The Redis to ask next, to which its slot is being migrated; else null. */
  @Nullable String askAddress() {
    return askAddress;
  }

  /** Releases its place in the limits; returns whether it still held one. */
  synchronized boolean release() {
    boolean held = !released;
    released = true;
    return held;
  }

  boolean olderThan(long nanos, long now) {
    return now - begun > nanos;
  }
}
