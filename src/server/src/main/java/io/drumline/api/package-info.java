/** The HTTP API of the control plane, for backends that publish without a WebSocket. */
@NullMarked
package io.drumline.api;

import org.jspecify.annotations.NullMarked;
