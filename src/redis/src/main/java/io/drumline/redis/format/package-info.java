/** The names and encodings of Drumline's data in Redis. */
@NullMarked
package io.drumline.redis.format;

import org.jspecify.annotations.NullMarked;
