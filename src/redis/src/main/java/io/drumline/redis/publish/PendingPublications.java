package io.drumline.redis.publish;

import io.drumline.backplane.BackplaneException;
import io.drumline.loop.TaskGuard;
import io.drumline.redis.settings.RedisSettings;
import io.drumline.redis.status.Operation;
import io.drumline.redis.status.RedisMetrics;
import io.drumline.redis.status.RedisRefusal;
import io.drumline.redis.status.RedisRefusals;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The state shared by all publications of a node, whichever Redis they go to: their limits, order
 * and outcome. Thread safe, except {@link #nextSequence}.
 */
public final class PendingPublications {
  static final String NOT_ACCEPTED = "The message was not accepted";
  static final String OVERLOADED = "The message was not accepted; the backplane is overloaded.";
  static final String OVERTAKEN =
      "The message was not accepted: later ones overtook it while the backplane was unavailable.";
  static final String TIMED_OUT =
      "It is not known whether the message was accepted; the backplane did not answer in time.";
  static final String LOST =
      "It is not known whether the message was accepted: the connection to the backplane was lost.";
  static final String NOT_SENT = "The message was not accepted: the node could not send it.";
  static final String FAILED =
      "It is not known whether the message was accepted: the node failed to handle the answer.";
  static final String UNCONFIRMED =
      "The message was published, but too few replicas of the backplane have confirmed it.";

  private final int mostRequests;
  private final long mostBytes;
  private final RedisMetrics metrics;
  private final RedisRefusals refusals;
  private final TaskGuard guard;

  /** Publications held until Redis has answered, even if they have timed out. */
  private final AtomicInteger heldRequests = new AtomicInteger();

  private final AtomicLong heldBytes = new AtomicLong();

  /** Of the last one first sent: microseconds, or one more than before. Owner's thread. */
  private long sequence;

  /**
   * @param guard counts internal failures of the node
   */
  public PendingPublications(
      RedisSettings settings, RedisMetrics metrics, RedisRefusals refusals, TaskGuard guard) {
    this.guard = guard;
    mostRequests = settings.requestQueue();
    mostBytes = settings.requestQueueBytes();
    this.metrics = metrics;
    this.refusals = refusals;
    metrics.held(heldRequests, heldBytes);
  }

  /**
   * Holds another publication, which must be released in any case; returns whether there was room.
   */
  boolean hold(PendingPublication publication) {
    int requests = heldRequests.incrementAndGet();
    long bytes = heldBytes.addAndGet(publication.payload.length);
    return requests <= mostRequests && bytes <= mostBytes;
  }

  /** Releases a publication. Idempotent. */
  void release(PendingPublication publication) {
    if (publication.release()) {
      heldRequests.decrementAndGet();
      heldBytes.addAndGet(-publication.payload.length);
    }
  }

  /** A number greater than any before; on the backplane's thread only. */
  long nextSequence() {
    sequence = Math.max(sequence + 1, TimeUnit.MILLISECONDS.toMicros(System.currentTimeMillis()));
    return sequence;
  }

  void sentAgain() {
    metrics.publishRetried();
  }

  /** The error message while Redis is unavailable. */
  String unavailable() {
    return refusals.unavailable(NOT_ACCEPTED);
  }

  /** The script was loaded into Redis again, or that failed. */
  void loaded(@Nullable Throwable failure) {
    var unused = refusals.failed(Operation.PUBLISH, failure);
  }

  /** Counts an error from Redis; returns the error message for the publisher. */
  String refused(Throwable failure) {
    RedisRefusal reason = refusals.failed(Operation.PUBLISH, failure);
    return refusals.rejected(
        NOT_ACCEPTED, Operation.PUBLISH, reason == null ? RedisRefusal.OTHER : reason);
  }

  void accept(PendingPublication publication, String messageId) {
    try {
      if (publication.destination.ordered()) {
        refusals.accepted(Operation.PUBLISH);
      }
      metrics.published(System.nanoTime() - publication.begun);
    } finally {
      release(publication);
      publication.result.complete(messageId);
    }
  }

  /** Its command could not be created: Redis has not received it this time. */
  void notSent(PendingPublication publication, Throwable e) {
    end(publication, publication.isUnknown() ? LOST : NOT_SENT, e);
  }

  /** Its answer could not be handled. */
  void failed(PendingPublication publication, Throwable e) {
    end(publication, FAILED, e);
  }

  private void end(PendingPublication publication, String message, Throwable e) {
    guard.failed(e);
    release(publication);
    fail(publication, message, e);
  }

  /** Counts failures that do not end a publication. */
  TaskGuard guard() {
    return guard;
  }

  void reject(PendingPublication publication, String message) {
    release(publication);
    fail(publication, message, null);
  }

  /** Rejects a publication that was to be resent. */
  void rejectAgain(PendingPublication publication) {
    reject(publication, publication.isUnknown() ? LOST : unavailable());
  }

  /** The publication timed out; it is held until Redis has answered. */
  void failLate(PendingPublication publication) {
    String message = publication.isInFlight() ? TIMED_OUT : unavailable();
    fail(publication, publication.isUnknown() ? LOST : message, null);
  }

  /** Fails it; it is held until it is released. */
  void fail(PendingPublication publication, String message, @Nullable Throwable cause) {
    if (publication.result.completeExceptionally(new BackplaneException(message, cause))) {
      metrics.publishFailed();
    }
  }
}
