package io.drumline.hub;

import io.drumline.backplane.History;
import io.drumline.hub.order.OrderOutput;
import io.drumline.message.Destination;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads history of one destination from the backplane for its owner's event loop, one read at a
 * time. Used on that loop unless a method says otherwise.
 */
final class DestinationReads {
  /** The consumer of the reads. Called on the owner's event loop. */
  interface Reader {
    /** Whether it needs no more answers. */
    boolean isGone();

    /** A read was answered; null if it failed. */
    void takeAnswer(@Nullable History history);

    /** A read of any purpose has ended. */
    void endCheck();
  }

  private static final long FIRST_PAUSE_MILLIS = 20;
  private static final long LONGEST_PAUSE_MILLIS = 1000;

  private final Destination destination;
  private final Reader reader;
  private final OwnerLoop loop;

  /** A read ended without an answer because memory ran out; handled by the next tick. */
  private volatile boolean failed;

  DestinationReads(Destination destination, Reader reader, OwnerLoop loop) {
    this.destination = destination;
    this.reader = reader;
    this.loop = loop;
  }

  /**
   * As {@link OrderOutput#read}.
   *
   * @param purpose evaluated when the read starts to wait for its turn
   */
  void read(
      Supplier<HistoryReads.Purpose> purpose, long after, int count, boolean begin, int backOff) {
    Runnable ask = () -> loop.reads.request(purpose.get(), () -> ask(after, count, begin));
    if (backOff == 0) {
      ask.run();
    } else {
      long pause = Math.min(LONGEST_PAUSE_MILLIS, FIRST_PAUSE_MILLIS << Math.min(backOff - 1, 10));
      var unused = loop.eventLoop.schedule(ask, pause, TimeUnit.MILLISECONDS);
    }
  }

  private void ask(long after, int count, boolean begin) {
    if (reader.isGone()) {
      loop.reads.ended();
      return;
    }
    loop.metrics.reads.increment();
    try {
      loop.backplane.read(destination, after, count, begin).whenComplete(this::answer);
    } catch (Throwable e) {
      fail();
      loop.metrics.failures.increment();
      loop.logUnreadable(destination, e);
    }
  }

  /** On a thread of the backplane. */
  private void answer(@Nullable History history, @Nullable Throwable failure) {
    try {
      loop.eventLoop.execute(() -> answered(history, failure));
    } catch (Throwable e) {
      fail();
    }
  }

  /** The next tick handles it as a failed read. Any thread; allocates no memory. */
  private void fail() {
    loop.reads.lost();
    failed = true;
    loop.doubts.marked();
  }

  /** Whether a read has failed since the last call. */
  boolean endFailed() {
    boolean was = failed;
    failed = false;
    return was;
  }

  private void answered(@Nullable History history, @Nullable Throwable failure) {
    try {
      reader.takeAnswer(history);
      loop.reads.ended();
    } finally {
      reader.endCheck();
      loop.doubts.readEnded();
    }
    if (failure != null) {
      loop.logUnreadable(destination, failure);
    }
  }
}
