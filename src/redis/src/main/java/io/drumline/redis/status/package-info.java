/** The state of Redis as seen by the node: metrics, refused operations, outages. */
@NullMarked
package io.drumline.redis.status;

import org.jspecify.annotations.NullMarked;
