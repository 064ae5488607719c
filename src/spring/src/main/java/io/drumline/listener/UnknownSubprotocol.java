package io.drumline.listener;

/** How an upgrade request is handled whose subprotocols are all unknown. */
enum UnknownSubprotocol {
  /** The WebSocket is opened without a subprotocol; CONNECT negotiates the STOMP version. */
  IGNORE,
  /** The request is answered with 400. */
  REFUSE
}
