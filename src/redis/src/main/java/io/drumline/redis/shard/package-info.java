/** Finds the Redis for a key, with a connection, a publisher and a reader for each. */
@NullMarked
package io.drumline.redis.shard;

import org.jspecify.annotations.NullMarked;
