package io.drumline.hub;

import io.drumline.backplane.MessageIds;
import io.drumline.message.Publication;
import io.drumline.tracing.Delivery;
import io.drumline.tracing.Spans;
import org.jspecify.annotations.Nullable;

/**
 * What is known of the times of a publication.
 *
 * @param ids those that were given here
 * @param spans null unless messages are traced
 */
record Watch(MessageIds ids, @Nullable Spans spans) {

  /** The time of an arrival, by {@link System#nanoTime}; 0 unless messages are traced. */
  long now() {
    return spans == null ? 0 : System.nanoTime();
  }

  /** When it was published, by {@link System#nanoTime}; 0 where that is not known. */
  long published(Publication publication) {
    return ids.givenAt(publication.id());
  }

  /**
   * The span of a publication that is handed over now; null if it is not traced.
   *
   * @param shards how many write it
   */
  @Nullable Delivery trace(Arrival arrival, long now, int shards) {
    return spans == null || shards == 0
        ? null
        : spans.delivered(
            arrival.publication(), arrival.time() == 0 ? 0 : now - arrival.time(), shards);
  }
}
