/** Frames and headers of STOMP 1.0 to 1.2, decoded from bytes and encoded to them. */
@NullMarked
package io.drumline.stomp.codec;

import org.jspecify.annotations.NullMarked;
