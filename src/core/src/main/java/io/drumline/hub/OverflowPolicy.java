package io.drumline.hub;

import io.drumline.message.CloseCode;

/** What happens to a client whose outbound queue is full. */
enum OverflowPolicy {
  /** Its connection is closed; the client resumes on a new one. */
  CLOSE(CloseCode.SLOW_CONSUMER, "You read too slowly: reconnect and resume.");

  private final CloseCode code;
  private final String reason;

  OverflowPolicy(CloseCode code, String reason) {
    this.code = code;
    this.reason = reason;
  }

  CloseCode code() {
    return code;
  }

  /** A sentence for the client. */
  String reason() {
    return reason;
  }
}
