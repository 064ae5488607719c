/** Who a client is, whether it may be here, and what it may do how fast. */
@NullMarked
package io.drumline.stomp.access;

import org.jspecify.annotations.NullMarked;
