/** STOMP 1.0 to 1.2 on the wire: frames and headers as values, read from bytes and written. */
@NullMarked
package io.drumline.stomp.codec;

import org.jspecify.annotations.NullMarked;
