package io.drumline.security;

import java.util.Locale;

/** What a client may have or send only so much of. Rates are apart, as they need not end it. */
public enum Limit {
  /** A WebSocket frame's size. */
  FRAME,
  /** A WebSocket message's size, over all of its frames and inflated. */
  MESSAGE,
  /** The frames of one WebSocket message. */
  FRAGMENTS,
  /** The header lines of a STOMP frame. */
  HEADERS,
  /** One header line's size. */
  HEADER_SIZE,
  /** All header lines of a frame together. */
  HEADERS_SIZE,
  /** A STOMP frame's body. */
  BODY,
  /** A destination's length. */
  DESTINATION,
  /** Subscriptions of one connection. */
  SUBSCRIPTIONS,
  /** Open transactions of one connection, and what they hold. */
  TRANSACTIONS,
  /** Messages that one connection has not acknowledged. */
  UNACKNOWLEDGED,
  /** Connections of one user to this node. */
  USER_CONNECTIONS,
  /** Destinations that one connection begins to use. */
  CONNECTION_DESTINATIONS,
  /** Destinations that all connections of one user to this node begin to use. */
  USER_DESTINATIONS,
  /** Destinations that all clients of this node use. */
  NODE_DESTINATIONS;

  /** The tag of the metric. */
  String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
