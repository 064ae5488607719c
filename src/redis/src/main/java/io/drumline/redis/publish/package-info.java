/** Sends publications to one Redis, each stored once and in order. */
@NullMarked
package io.drumline.redis.publish;

import org.jspecify.annotations.NullMarked;
