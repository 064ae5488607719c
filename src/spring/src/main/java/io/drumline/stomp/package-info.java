/**
 * The protocol edge: STOMP 1.0 to 1.2, Spring's messaging configuration, the broker handler,
 * receipts, acks, errors.
 */
@NullMarked
package io.drumline.stomp;

import org.jspecify.annotations.NullMarked;
