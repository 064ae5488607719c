package io.drumline.session;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A node's own lease: when to renew it, and why it was lost. Pure, and used by one thread.
 *
 * <p>{@link #beat} must be called often: if it was not called for longer than a lease, the node was
 * paused. Two clocks are needed to detect that: the monotonic one stops while the machine is
 * suspended, the wall clock does not. The wall clock may also be changed, but then the lease still
 * exists and no conclusion is drawn.
 */
final class Lease {
  private final long leaseNanos;
  private final long renewalNanos;
  private long lastBeat;
  private long lastBeatMillis;

  /** The beat that detected a pause, until a later renewal finds the lease. */
  private long stoodStillAt;

  private boolean stoodStill;

  /** When the last answered renewal was sent: the lease lasts at least from then. */
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

  /** Passes the current time; returns whether the lease must be renewed now. */
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

  /** Makes the next beat renew. */
  void renewSoon(long nanos) {
    dueAt = nanos;
  }

  /**
   * The renewal failed; the next beat tries again.
   *
   * @return whether to try again at once, because the node was paused after it was sent
   */
  boolean failed() {
    renewing = false;
    return stoodStill && sentAt - stoodStillAt < 0;
  }

  /**
   * The renewal was answered.
   *
   * @param held whether the registry knew the lease
   * @return why the lease was lost, or null if it was not
   */
  @Nullable LeaseLoss renewed(boolean held, long nanos) {
    LeaseLoss loss = held || !registered ? null : lossAt(nanos);
    if (stoodStill && sentAt - stoodStillAt >= 0) {
      stoodStill = false;
    }
    renewing = false;
    registered = true;
    heldFrom = sentAt;
    if (dueAt - sentAt <= 0) { // otherwise renewSoon() has changed it
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

  /** Nanoseconds since the last answered renewal was sent; -1 before the first. */
  long age(long nanos) {
    return registered ? nanos - heldFrom : -1;
  }
}
