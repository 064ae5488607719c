/** The order of one destination on this node, without threads, clock or sockets. */
@NullMarked
package io.drumline.hub.order;

import org.jspecify.annotations.NullMarked;
