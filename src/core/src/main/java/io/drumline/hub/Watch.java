package io.drumline.hub;

import io.drumline.backplane.MessageIds;
import io.drumline.message.Publication;
import io.drumline.tracing.Delivery;
import io.drumline.tracing.Spans;
import org.jspecify.annotations.Nullable;

/**
 * Knows the times of a publication.
 *
 * @param ids the message ids assigned by this node
 * @param spans null if messages are not traced
 */
record Watch(MessageIds ids, @Nullable Spans spans) {

  /** The current time, by {@link System#nanoTime}; 0 if messages are not traced. */
  long now() {
    return spans == null ? 0 : System.nanoTime();
  }

  /** When it was published, by {@link System#nanoTime}; 0 if unknown. */
  long published(Publication publication) {
    return ids.givenAt(publication.id());
  }

  /**
   * The span of a publication that is passed on now; null if it is not traced.
   *
   * @param shards the number of shards that write it
   */
  @Nullable Delivery trace(Arrival arrival, long now, int shards) {
    return spans == null || shards == 0
        ? null
        : spans.delivered(
            arrival.publication(), arrival.time() == 0 ? 0 : now - arrival.time(), shards);
  }
}
