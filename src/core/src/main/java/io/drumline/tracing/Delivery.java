package io.drumline.tracing;

import java.util.concurrent.atomic.AtomicInteger;

/** The span of one publication on this node: until every event loop that has it has written it. */
public final class Delivery {
  private final Runnable end;
  private final AtomicInteger unwritten;

  /**
   * @param end ends the span
   * @param shards how many event loops will say {@link #written}
   */
  public Delivery(Runnable end, int shards) {
    this.end = end;
    this.unwritten = new AtomicInteger(shards);
  }

  /** One of the event loops has written and flushed it to all of its subscribers. Any thread. */
  public void written() {
    if (unwritten.decrementAndGet() == 0) {
      end.run();
    }
  }
}
