/** Commands and scripts of Redis, and the meaning of its errors. */
@NullMarked
package io.drumline.redis.command;

import org.jspecify.annotations.NullMarked;
