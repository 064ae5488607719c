/**
 * The client listener: the WebSocket upgrade, inbound frames, pings, and the health check for load
 * balancers.
 */
@NullMarked
package io.drumline.listener;

import org.jspecify.annotations.NullMarked;
