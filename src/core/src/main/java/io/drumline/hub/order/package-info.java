/** The order of one destination on this node, without threads, clock or I/O. */
@NullMarked
package io.drumline.hub.order;

import org.jspecify.annotations.NullMarked;
