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
 * Services that all sessions of a node share.
 *
 * @param frameLimits what decoders accept
 * @param bridge passes frames to application code
 * @param newDestinations limits the new destinations that clients use
 * @param log for events that may affect many sessions at once
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
