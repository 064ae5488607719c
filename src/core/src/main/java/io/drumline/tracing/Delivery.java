package io.drumline.tracing;

import java.util.concurrent.atomic.AtomicInteger;

/** The span of one publication on this node; ends when all its event loops have written it. */
public final class Delivery {
  private final Runnable end;
  private final AtomicInteger unwritten;

  /**
   * @param end ends the span
   * @param shards the number of event loops that will call {@link #written}
   */
  public Delivery(Runnable end, int shards) {
    this.end = end;
    this.unwritten = new AtomicInteger(shards);
  }

  /** One event loop has written and flushed it to all of its subscribers. Any thread. */
  public void written() {
    if (unwritten.decrementAndGet() == 0) {
      end.run();
    }
  }
}
