package io.drumline.continuity;

import java.time.Duration;
import java.util.Set;

/** Something that one subscription saw, in the order of its log. */
sealed interface Event {

  /**
   * A message.
   *
   * @param label its {@code destination} header
   */
  record Received(String messageId, String label, Content content) implements Event {}

  /**
   * A gap notice.
   *
   * @param missed as on the wire: a number, or {@code unknown}
   */
  record Notice(String messageId, String reason, String missed) implements Event {
    /** CONNECTED's {@code session-resumed:false}, where there was a session. */
    static final Notice FORGOTTEN = new Notice("", "forgotten", "unknown");

    private static final Set<String> LOSSES = Set.of("wiped", "diverged", "forgotten");

    /** Whether it says that the backplane itself lost messages. */
    boolean historyLost() {
      return LOSSES.contains(reason);
    }
  }

  /**
   * The subscription's connection was lost.
   *
   * @param nanos {@link System#nanoTime} then
   */
  record Lost(long nanos, String why) implements Event {}

  /**
   * The subscription was confirmed again on another connection.
   *
   * @param after since the client knew that its connection was lost
   * @param recovered the RECEIPT's header; empty without it
   */
  record Resumed(Duration after, String recovered) implements Event {}
}
