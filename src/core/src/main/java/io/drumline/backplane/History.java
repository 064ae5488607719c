package io.drumline.backplane;

import io.drumline.message.Cursor;
import io.drumline.message.Publication;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A destination's history in the backplane at one instant.
 *
 * @param last the position after the destination's last message; null if it has no epoch yet
 * @param first offset of the oldest message still kept; the last offset plus one if none is kept
 * @param publications a contiguous run of kept messages in order, beginning with the first kept one
 *     after the requested offset; it ends before {@code last} if the page is full
 */
public record History(@Nullable Cursor last, long first, List<Publication> publications) {}
