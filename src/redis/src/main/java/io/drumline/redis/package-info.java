/** The cluster's backplane on Redis: pub/sub for live messages, streams for history. */
@NullMarked
package io.drumline.redis;

import org.jspecify.annotations.NullMarked;
