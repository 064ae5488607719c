/** What waits to be sent: to one client, on one event loop, and on the node together. */
@NullMarked
package io.drumline.hub.outbound;

import org.jspecify.annotations.NullMarked;
