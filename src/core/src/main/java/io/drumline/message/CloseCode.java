package io.drumline.message;

/**
 * All codes with which a node closes a WebSocket, and what the client should do then. 1000 to 1013
 * are from RFC 6455 and the IANA registry; 4000 and up are Drumline's own. {@code
 * docs/close-codes.md} has the same table in prose.
 */
public enum CloseCode {
  /** The client disconnected normally. */
  NORMAL(1000, Reconnect.NO),
  /** The node is going away (drain, shutdown). */
  GOING_AWAY(1001, Reconnect.LATER),
  /**
   * WebSocket or STOMP protocol error; an ERROR frame gave the details if that was still possible.
   */
  PROTOCOL_ERROR(1002, Reconnect.NO),
  /** Text that is not UTF-8. */
  INVALID_PAYLOAD(1007, Reconnect.NO),
  /** A WebSocket frame or message over the limit. */
  TOO_BIG(1009, Reconnect.NO),
  /** An error of the server. */
  INTERNAL_ERROR(1011, Reconnect.LATER),
  /** The backplane did not accept a message; an ERROR frame named it. */
  TRY_AGAIN_LATER(1013, Reconnect.LATER),
  /** Slow consumer: the client's outbound queue reached the limit. */
  SLOW_CONSUMER(4001, Reconnect.NOW),
  /** Nothing was received from the client within its heart-beat interval or after a ping. */
  SILENT(4002, Reconnect.NOW),
  /** Not connected in time: no CONNECT arrived, or something it depends on did not answer. */
  CONNECT_TIMEOUT(4003, Reconnect.LATER),
  /** A client that acknowledges left too many messages unacknowledged. */
  TOO_MANY_UNACKNOWLEDGED(4004, Reconnect.NOW),
  /** The client-id has connected again: the newer connection owns its session now. */
  FENCED(4005, Reconnect.NO),
  /** The node was paused for a while, and delivers nothing that may be stale. */
  STOOD_STILL(4006, Reconnect.NOW),
  /** The client sent no credentials, or the server does not accept them. */
  UNAUTHORIZED(4007, Reconnect.NO),
  /** The client is not allowed to do what it tried. */
  FORBIDDEN(4008, Reconnect.NO),
  /** The client's token has expired and was not renewed in time: reconnect with a new one. */
  TOKEN_EXPIRED(4009, Reconnect.NOW),
  /** The client exceeded its send rate. */
  TOO_FAST(4010, Reconnect.LATER),
  /** The client's user, session or token is blocked. */
  REVOKED(4011, Reconnect.NO),
  /** An operator disconnected the client. */
  KICKED(4012, Reconnect.NO),
  /** The user has reached the limit of connections per user. */
  TOO_MANY_CONNECTIONS(4013, Reconnect.LATER),
  /** {@link #TRY_AGAIN_LATER} for a client that asked for {@link Range#PRIVATE} codes. */
  TRY_LATER(4014, Reconnect.LATER);

  /** Which codes a client can see. */
  public enum Range {
    /** All of them. */
    STANDARD,
    /**
     * Not 1013: some libraries show another code to their application, for example Tomcat's
     * WebSocket client (1002).
     */
    PRIVATE
  }

  /** When a client should reconnect. */
  public enum Reconnect {
    /** At once, with the usual small jitter. */
    NOW,
    /** After a random part of the client's reconnect window. */
    LATER,
    /** Not automatically: the same would happen again. */
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

  /** The equivalent code for a client of this range. */
  public CloseCode in(Range range) {
    return this == TRY_AGAIN_LATER && range == Range.PRIVATE ? TRY_LATER : this;
  }

  public Reconnect reconnect() {
    return reconnect;
  }
}
