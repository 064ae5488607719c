package io.drumline.stomp.client;

import java.util.Locale;
import java.util.Set;

/**
 * The state of a session. One deadline ({@code drumline.stomp.connect-timeout}) covers everything
 * before {@link #CONNECTED}.
 */
public enum SessionState {
  /** Waits for CONNECT. */
  NEGOTIATING,
  /** The token or password of the CONNECT is being checked. */
  AUTHENTICATING,
  /**
   * The backplane is asked whether the client is blocked; again if the application changed its
   * user.
   */
  CHECKING,
  /** The application's channel interceptors process the CONNECT. */
  INTERCEPTING,
  /** The shared session is being opened in the backplane. */
  OPENING,
  /** CONNECTED was sent. */
  CONNECTED,
  /** DISCONNECT was received: frames sent before it are still processed. */
  DISCONNECTING,
  /** An ERROR was sent, or the connection has ended. Final. */
  ENDED;

  /** The states before {@link #CONNECTED}. */
  static final Set<SessionState> CONNECTING =
      Set.of(NEGOTIATING, AUTHENTICATING, CHECKING, INTERCEPTING, OPENING);

  /** Whether the client still waits for CONNECTED. */
  public boolean isConnecting() {
    return CONNECTING.contains(this);
  }

  /**
   * Returns the next state.
   *
   * @throws IllegalStateException if it cannot follow this one
   */
  SessionState to(SessionState next) {
    boolean legal =
        switch (this) {
          case NEGOTIATING -> next == AUTHENTICATING || next == ENDED;
          case AUTHENTICATING -> next == CHECKING || next == ENDED;
          case CHECKING -> next == INTERCEPTING || next == OPENING || next == ENDED;
          case INTERCEPTING -> next == CHECKING || next == ENDED;
          case OPENING -> next == CONNECTED || next == ENDED;
          case CONNECTED -> next == DISCONNECTING || next == ENDED;
          case DISCONNECTING -> next == ENDED;
          case ENDED -> false;
        };
    if (!legal) {
      throw new IllegalStateException("A session cannot go from " + this + " to " + next + ".");
    }
    return next;
  }

  /** What the session is waiting for, as the end of a sentence. */
  public String activity() {
    return switch (this) {
      case NEGOTIATING -> "no complete CONNECT frame came";
      case AUTHENTICATING -> "the check of the token or password did not finish";
      case CHECKING -> "the backplane did not say whether the client is blocked";
      case INTERCEPTING -> "the application's channel interceptors did not finish";
      case OPENING -> "the backplane did not open the session of the client-id";
      case CONNECTED, DISCONNECTING, ENDED -> name().toLowerCase(Locale.ROOT);
    };
  }

  /** The value of the metric's tag. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
