package io.drumline.hub;

import io.drumline.backplane.History;
import io.drumline.hub.order.OrderOutput;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Brings history of one destination from the backplane to its {@link Owner}'s event loop; one read
 * at a time. Used on that loop, but for what says otherwise.
 */
final class DestinationReads {
  private static final long FIRST_PAUSE_MILLIS = 20;
  private static final long LONGEST_PAUSE_MILLIS = 1000;

  private final OwnedDestination destination;
  private final Owner owner;

  /** A read has ended without an answer, for want of memory; seen by the next tick. */
  private volatile boolean failed;

  DestinationReads(OwnedDestination destination, Owner owner) {
    this.destination = destination;
    this.owner = owner;
  }

  /**
   * As {@link OrderOutput#read}.
   *
   * @param purpose what it is for when it begins to wait for its turn
   */
  void read(
      Supplier<HistoryReads.Purpose> purpose, long after, int count, boolean begin, int backOff) {
    Runnable ask = () -> owner.reads.request(purpose.get(), () -> ask(after, count, begin));
    if (backOff == 0) {
      ask.run();
    } else {
      long pause = Math.min(LONGEST_PAUSE_MILLIS, FIRST_PAUSE_MILLIS << Math.min(backOff - 1, 10));
      var unused = owner.loop().schedule(ask, pause, TimeUnit.MILLISECONDS);
    }
  }

  private void ask(long after, int count, boolean begin) {
    if (destination.isGone()) {
      owner.reads.ended();
      return;
    }
    owner.metrics.reads.increment();
    try {
      owner.backplane.read(destination.destination, after, count, begin).whenComplete(this::answer);
    } catch (Throwable e) {
      fail();
      owner.metrics.failures.increment();
      owner.logFailure(destination.destination, e);
    }
  }

  /** On a thread of the backplane. */
  private void answer(@Nullable History history, @Nullable Throwable failure) {
    try {
      owner.loop().execute(() -> answered(history, failure));
    } catch (Throwable e) {
      fail();
    }
  }

  /** The next tick takes it as a read without an answer. Any thread; needs no memory. */
  private void fail() {
    owner.reads.lost();
    failed = true;
    owner.doubts.marked();
  }

  /** Whether a read has failed since the last call. */
  boolean endFailed() {
    boolean was = failed;
    failed = false;
    return was;
  }

  private void answered(@Nullable History history, @Nullable Throwable failure) {
    try {
      destination.takeAnswer(history);
      owner.reads.ended();
    } finally {
      destination.endCheck();
      owner.doubts.readEnded();
    }
    if (failure != null) {
      owner.logFailure(destination.destination, failure);
    }
  }
}
