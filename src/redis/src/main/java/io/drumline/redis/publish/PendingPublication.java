package io.drumline.redis.publish;

import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.drumline.redis.format.Envelope;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * A publication that its publisher has no answer for yet. It may be sent more than once: its id and
 * its sequence number stay the same.
 */
final class PendingPublication {
  private static final AtomicIntegerFieldUpdater<PendingPublication> RELEASED =
      AtomicIntegerFieldUpdater.newUpdater(PendingPublication.class, "released");

  final Destination destination;
  final String id;
  final byte[] payload;
  final @Nullable String publisherId;

  /** The {@code message-id}. */
  final CompletableFuture<String> result = new CompletableFuture<>();

  final long begun = System.nanoTime();
  private volatile long sequence;
  private volatile long firstSent;
  private volatile boolean lost;
  private volatile boolean withRedis;
  private volatile boolean misrouted;
  private volatile @Nullable String asked;
  private volatile int released;

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

  /** Whether it was sent and its answer lost: Redis may have it. */
  boolean lost() {
    return lost;
  }

  void answerLost() {
    lost = true;
  }

  /** Whether it was sent and nothing has come of it yet. */
  boolean isWithRedis() {
    return withRedis;
  }

  void taken() {
    withRedis = true;
  }

  /** Redis has said that it did nothing with it. */
  void notTaken() {
    withRedis = false;
  }

  /**
   * The same, as its slot is another's, or on its way.
   *
   * @param asked address of the Redis to ask instead for this once; null if none
   */
  void misrouted(@Nullable String asked) {
    notTaken();
    this.asked = asked;
    misrouted = true;
  }

  /** Whether that ever was so. */
  boolean isMisrouted() {
    return misrouted;
  }

  /** The Redis to which its slot is on the way, where that is to be asked next; else null. */
  @Nullable String asked() {
    return asked;
  }

  /** Gives its room back; returns whether it had it until now. */
  boolean release() {
    return RELEASED.compareAndSet(this, 0, 1);
  }

  boolean olderThan(long nanos, long now) {
    return now - begun > nanos;
  }
}
