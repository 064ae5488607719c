package io.drumline.hub.order;

import io.drumline.message.Cursor;
import io.drumline.message.Gap;
import io.drumline.message.Publication;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The next part for a joining subscription.
 *
 * @param gap the gap before the publications, or null
 * @param publications in order
 * @param cursor the position after them
 * @param joined whether publications after the cursor are delivered live; if not, the subscription
 *     asks again from the cursor
 */
public record CatchUp(
    @Nullable Gap gap, List<Publication> publications, Cursor cursor, boolean joined) {

  /** The position before its publications. */
  public Cursor base() {
    return publications.isEmpty() ? cursor : Cursor.before(publications.get(0));
  }

  /** Bytes of its publications in memory. */
  public long memoryBytes() {
    long bytes = 0;
    for (Publication publication : publications) {
      bytes += publication.memoryBytes();
    }
    return bytes;
  }

  /** The same for a subscription that does not receive live messages after the cursor yet. */
  public CatchUp withoutLive() {
    return new CatchUp(gap, publications, cursor, false);
  }
}
