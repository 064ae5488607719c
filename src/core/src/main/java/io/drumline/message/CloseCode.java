package io.drumline.message;

/**
 * Every code a node closes a WebSocket with, and what the client should do then. 1000 to 1013 are
 * RFC 6455 and the IANA registry; 4000 and up are Drumline's own. The table in {@code
 * docs/close-codes.md} is this file in prose.
 */
public enum CloseCode {
  /** The client disconnected in order. */
  NORMAL(1000, Reconnect.NO),
  /** The node is going away (drain, shutdown). */
  GOING_AWAY(1001, Reconnect.LATER),
  /**
   * Broken WebSocket or STOMP protocol; an ERROR frame said what, if the connection still could.
   */
  PROTOCOL_ERROR(1002, Reconnect.NO),
  /** Text that is not UTF-8. */
  INVALID_PAYLOAD(1007, Reconnect.NO),
  /** A WebSocket frame or message over the limit. */
  TOO_BIG(1009, Reconnect.NO),
  /** A fault of the server's own. */
  INTERNAL_ERROR(1011, Reconnect.LATER),
  /** The backplane did not accept a message; an ERROR frame said which. */
  TRY_AGAIN_LATER(1013, Reconnect.LATER),
  /** The client read too slowly: its outbound queue reached the limit. */
  SLOW_CONSUMER(4001, Reconnect.NOW),
  /** Nothing was heard from the client within its heart-beat or after a ping. */
  SILENT(4002, Reconnect.NOW),
  /** Not connected in time: no CONNECT came, or something that it waited for did not answer. */
  CONNECT_TIMEOUT(4003, Reconnect.LATER),
  /** A client that acknowledges left too many messages unacknowledged. */
  TOO_MANY_UNACKNOWLEDGED(4004, Reconnect.NOW),
  /** The client's client-id has connected by another socket, which has its session now. */
  FENCED(4005, Reconnect.NO),
  /** The node stood still for a while, and delivers nothing that may be stale. */
  STOOD_STILL(4006, Reconnect.NOW),
  /** The client has not shown who it is, or nobody that this server knows. */
  UNAUTHORIZED(4007, Reconnect.NO),
  /** The client may not do what it tried. */
  FORBIDDEN(4008, Reconnect.NO),
  /** The client's token has ended, and no fresh one came in time: reconnect with one. */
  TOKEN_EXPIRED(4009, Reconnect.NOW),
  /** The client sent faster than it may. */
  TOO_FAST(4010, Reconnect.LATER),
  /** The client's user, session or token is blocked. */
  REVOKED(4011, Reconnect.NO),
  /** An operator has disconnected the client. */
  KICKED(4012, Reconnect.NO),
  /** The user has as many connections as a user may. */
  TOO_MANY_CONNECTIONS(4013, Reconnect.LATER),
  /** {@link #TRY_AGAIN_LATER} for a client that asked for {@link Range#PRIVATE} codes. */
  TRY_LATER(4014, Reconnect.LATER);

  /** Which codes a client can see. */
  public enum Range {
    /** All of them. */
    STANDARD,
    /**
     * Not 1013: some libraries show another code to their application, as the WebSocket client of
     * Tomcat does (1002).
     */
    PRIVATE
  }

  /** When a client should come back. */
  public enum Reconnect {
    /** At once, with the usual small jitter. */
    NOW,
    /** After a random part of the client's reconnect window. */
    LATER,
    /** Not by itself: the same would happen again. */
    NO
  }

  private final int code;
  private final Reconnect reconnect;

  CloseCode(int code, Reconnect reconnect) {
    this.code = code;
    this.reconnect = reconnect;
  }

  /** The status code on the wire. */
  public int code() {
    return code;
  }

  /** The code that says the same to a client of this range. */
  public CloseCode in(Range range) {
    return this == TRY_AGAIN_LATER && range == Range.PRIVATE ? TRY_LATER : this;
  }

  public Reconnect reconnect() {
    return reconnect;
  }
}
