/** The names and the form of what Drumline keeps in Redis. */
@NullMarked
package io.drumline.redis.format;

import org.jspecify.annotations.NullMarked;
