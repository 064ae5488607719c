/** Commands and scripts of Redis, and what the errors mean that it answers. */
@NullMarked
package io.drumline.redis.command;

import org.jspecify.annotations.NullMarked;
