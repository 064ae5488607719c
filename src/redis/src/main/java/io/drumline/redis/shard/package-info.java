/** Which Redis has which keys, with a connection, a publisher and a reader for each. */
@NullMarked
package io.drumline.redis.shard;

import org.jspecify.annotations.NullMarked;
