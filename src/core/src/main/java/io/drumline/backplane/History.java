package io.drumline.backplane;

import io.drumline.message.Cursor;
import io.drumline.message.Publication;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the backplane knows of a destination's past at one instant.
 *
 * @param last right behind the destination's last message; null where the destination has no epoch
 *     yet
 * @param first offset of the oldest message that is still kept; the last one's plus one where none
 *     is
 * @param publications a contiguous run of kept messages in order, beginning with the first kept one
 *     behind the offset that was asked for; it ends before {@code last} where a page is full
 */
public record History(@Nullable Cursor last, long first, List<Publication> publications) {}
