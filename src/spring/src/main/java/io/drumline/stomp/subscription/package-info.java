/** A session's subscriptions: their start, and their unacknowledged messages. */
@NullMarked
package io.drumline.stomp.subscription;

import org.jspecify.annotations.NullMarked;
