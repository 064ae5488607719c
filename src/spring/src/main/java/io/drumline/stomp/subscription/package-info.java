/** A session's subscriptions: where each begins, and what is yet to be acknowledged. */
@NullMarked
package io.drumline.stomp.subscription;

import org.jspecify.annotations.NullMarked;
