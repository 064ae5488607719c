package io.drumline.hub.order;

import io.drumline.message.Cursor;
import io.drumline.message.Gap;
import io.drumline.message.Publication;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a joining subscription gets next.
 *
 * @param gap what is missing before the publications, or null
 * @param publications in order
 * @param cursor the point behind all of it
 * @param joined whether what is published behind the cursor is delivered live; if not, the
 *     subscription asks again from the cursor once it has taken these
 */
public record CatchUp(
    @Nullable Gap gap, List<Publication> publications, Cursor cursor, boolean joined) {

  /** The point before its publications. */
  public Cursor base() {
    return publications.isEmpty() ? cursor : Cursor.before(publications.get(0));
  }

  /** Bytes that its publications take in memory. */
  public long memoryBytes() {
    long bytes = 0;
    for (Publication publication : publications) {
      bytes += publication.memoryBytes();
    }
    return bytes;
  }

  /** The same for one that what is published behind the cursor is not handed over to. */
  public CatchUp withoutLive() {
    return new CatchUp(gap, publications, cursor, false);
  }
}
