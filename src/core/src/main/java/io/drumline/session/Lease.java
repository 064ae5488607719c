package io.drumline.session;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a node knows of its own lease: when to renew it, and what it means that it is gone. Pure,
 * and used by one thread.
 *
 * <p>It must be told the time often ({@link #beat}): if it was not for longer than a lease, the
 * node stood still. Two clocks tell that: the monotonic one stops with a machine that is suspended,
 * the wall clock does not. A wall clock may also be set; but then the lease is still there, and
 * nothing is concluded.
 */
final class Lease {
  private final long leaseNanos;
  private final long renewalNanos;
  private long lastBeat;
  private long lastBeatMillis;

  /** The beat that found that the node had stood still, until a later renewal finds the lease. */
  private long stoodStillAt;

  private boolean stoodStill;

  /**
   * When the last renewal was sent that was answered; the lease ends no earlier than from there.
   */
  private long heldFrom;

  private boolean registered;
  private long dueAt;
  private boolean renewing;
  private long sentAt;

  Lease(Duration lease, Duration renewal, long nanos, long millis) {
    leaseNanos = lease.toNanos();
    renewalNanos = renewal.toNanos();
    lastBeat = nanos;
    lastBeatMillis = millis;
    dueAt = nanos;
  }

  /** Says how late it is; returns whether the lease is to be renewed now. */
  boolean beat(long nanos, long millis) {
    long pauseMillis = millis - lastBeatMillis;
    if (nanos - lastBeat > leaseNanos - renewalNanos
        || pauseMillis * 1_000_000 > leaseNanos - renewalNanos) {
      stoodStill = true;
      stoodStillAt = nanos;
    }
    lastBeat = nanos;
    lastBeatMillis = millis;
    if (renewing || nanos - dueAt < 0) {
      return false;
    }
    renewing = true;
    sentAt = nanos;
    return true;
  }

  /** The next beat renews. */
  void renewSoon(long nanos) {
    dueAt = nanos;
  }

  /**
   * The renewal was not answered; the next beat tries again.
   *
   * @return whether that should be now: the node stood still after it was sent
   */
  boolean failed() {
    renewing = false;
    return stoodStill && sentAt - stoodStillAt < 0;
  }

  /**
   * The renewal was answered.
   *
   * @param held whether the registry knew the lease
   * @return what was lost, or null
   */
  @Nullable LeaseLoss renewed(boolean held, long nanos) {
    LeaseLoss loss = held || !registered ? null : lossAt(nanos);
    if (stoodStill && sentAt - stoodStillAt >= 0) {
      stoodStill = false;
    }
    renewing = false;
    registered = true;
    heldFrom = sentAt;
    if (dueAt - sentAt <= 0) { // else it changed meanwhile
      dueAt = sentAt + renewalNanos;
    }
    return loss;
  }

  private LeaseLoss lossAt(long nanos) {
    if (stoodStill) {
      return LeaseLoss.STOOD_STILL;
    }
    return nanos - heldFrom >= leaseNanos ? LeaseLoss.LAPSED : LeaseLoss.LOST;
  }

  /** Nanoseconds since the last renewal that was answered was sent; -1 before the first. */
  long age(long nanos) {
    return registered ? nanos - heldFrom : -1;
  }
}
