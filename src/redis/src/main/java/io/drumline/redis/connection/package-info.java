/** Opens connections to Redis, keeps them open, and finds those that are dead. */
@NullMarked
package io.drumline.redis.connection;

import org.jspecify.annotations.NullMarked;
