/** Reads history from one Redis. */
@NullMarked
package io.drumline.redis.history;

import org.jspecify.annotations.NullMarked;
