/** The client listener: the WebSocket upgrade, frames in, pings, and the load balancer's check. */
@NullMarked
package io.drumline.listener;

import org.jspecify.annotations.NullMarked;
