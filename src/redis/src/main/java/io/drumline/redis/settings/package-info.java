/** The address of Redis, and how the backplane uses it. */
@NullMarked
package io.drumline.redis.settings;

import org.jspecify.annotations.NullMarked;
