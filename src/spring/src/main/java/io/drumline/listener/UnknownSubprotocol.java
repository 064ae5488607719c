package io.drumline.listener;

/** What becomes of an upgrade request that offers subprotocols, and none of the server's. */
enum UnknownSubprotocol {
  /** The WebSocket is opened without a subprotocol; CONNECT agrees on a STOMP version. */
  IGNORE,
  /** The request is answered with 400. */
  REFUSE
}
