/** Opens connections to Redis, keeps them open, and detects dead ones. */
@NullMarked
package io.drumline.redis.connection;

import org.jspecify.annotations.NullMarked;
