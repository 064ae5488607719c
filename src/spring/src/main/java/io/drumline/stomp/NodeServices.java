package io.drumline.stomp;

import io.drumline.hub.Hub;
import io.drumline.loop.ThrottledLog;
import io.drumline.message.NodeId;
import io.drumline.publish.Publisher;
import io.drumline.session.SharedSessions;
import io.drumline.stomp.access.Guard;
import io.drumline.stomp.access.NewDestinations;
import io.drumline.stomp.application.SpringBridge;
import io.drumline.stomp.client.StompMetrics;
import io.drumline.stomp.codec.StompLimits;
import io.drumline.stomp.settings.StompProperties;

/**
 * What the sessions of a node use together.
 *
 * @param frameLimits what decoders accept
 * @param bridge shows frames to application code
 * @param newDestinations bounds what clients invent
 * @param log for what may happen to many sessions at once
 */
record NodeServices(
    NodeId node,
    Hub hub,
    Publisher publisher,
    SpringBridge bridge,
    StompProperties properties,
    StompLimits frameLimits,
    StompMetrics metrics,
    SharedSessions shared,
    Guard guard,
    NewDestinations newDestinations,
    ThrottledLog log) {}
