/** Outbound queues: of one client, of one event loop, and of the whole node. */
@NullMarked
package io.drumline.hub.outbound;

import org.jspecify.annotations.NullMarked;
