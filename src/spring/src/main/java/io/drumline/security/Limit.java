package io.drumline.security;

import java.util.Locale;

/**
 * Limits of clients whose excess is an error. Rates are separate, since they may only delay a
 * client.
 */
public enum Limit {
  /** A WebSocket frame's size. */
  FRAME,
  /** A WebSocket message's size, the sum of its frames after inflating. */
  MESSAGE,
  /** The frames of one WebSocket message. */
  FRAGMENTS,
  /** The header lines of a STOMP frame. */
  HEADERS,
  /** One header line's size. */
  HEADER_SIZE,
  /** All header lines of a frame. */
  HEADERS_SIZE,
  /** A STOMP frame's body. */
  BODY,
  /** A destination's length. */
  DESTINATION,
  /** Subscriptions of one connection. */
  SUBSCRIPTIONS,
  /** Open transactions of one connection, and their content. */
  TRANSACTIONS,
  /** Messages that one connection has not acknowledged. */
  UNACKNOWLEDGED,
  /** Connections of one user to this node. */
  USER_CONNECTIONS,
  /** New destinations of one connection. */
  CONNECTION_DESTINATIONS,
  /** New destinations of one user's connections to this node. */
  USER_DESTINATIONS,
  /** Destinations used by all clients of this node. */
  NODE_DESTINATIONS;

  /** The value of the metric's tag. */
  String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
