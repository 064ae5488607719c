/** What the node says of Redis: metrics, refused operations, outages. */
@NullMarked
package io.drumline.redis.status;

import org.jspecify.annotations.NullMarked;
