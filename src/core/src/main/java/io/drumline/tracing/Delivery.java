package io.drumline.tracing;

import io.micrometer.tracing.Span;
import java.util.concurrent.atomic.AtomicInteger;

/** The span of one publication on this node: until every event loop that has it has written it. */
public final class Delivery {
  private final Span span;
  private final AtomicInteger unwritten;

  Delivery(Span span, int shards) {
    this.span = span;
    this.unwritten = new AtomicInteger(shards);
  }

  /** One of the event loops has written and flushed it to all of its subscribers. Any thread. */
  public void written() {
    if (unwritten.decrementAndGet() == 0) {
      span.end();
    }
  }
}
