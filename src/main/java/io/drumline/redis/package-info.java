/** The cluster's backplane on Redis: pub/sub for what is live, one Lua script to publish. */
@NullMarked
package io.drumline.redis;

import org.jspecify.annotations.NullMarked;
