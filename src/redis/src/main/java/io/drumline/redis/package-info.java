/** The cluster's backplane on Redis: pub/sub for what is live, streams for what was. */
@NullMarked
package io.drumline.redis;

import org.jspecify.annotations.NullMarked;
