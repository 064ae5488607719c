package io.drumline.stomp;

import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * The messages of one subscription that its client has not acknowledged yet. Topics do not deliver
 * a message again, so this checks what clients claim, no more. Used on the connection's event loop.
 */
final class Acknowledgements {
  private final boolean cumulative;
  private final Set<String> outstanding = new LinkedHashSet<>();

  /**
   * @param cumulative whether an ACK covers all messages before it too ({@code ack:client})
   */
  Acknowledgements(boolean cumulative) {
    this.cumulative = cumulative;
  }

  void delivered(String messageId) {
    outstanding.add(messageId);
  }

  boolean contains(String messageId) {
    return outstanding.contains(messageId);
  }

  /**
   * Takes an ACK or NACK; returns how many messages it covered, 0 if the message is not
   * outstanding.
   */
  int acknowledge(String messageId) {
    if (!outstanding.contains(messageId)) {
      return 0;
    }
    if (!cumulative) {
      outstanding.remove(messageId);
      return 1;
    }
    int covered = 0;
    for (Iterator<String> ids = outstanding.iterator(); ids.hasNext(); ) {
      String id = ids.next();
      ids.remove();
      covered++;
      if (id.equals(messageId)) {
        break;
      }
    }
    return covered;
  }

  int size() {
    return outstanding.size();
  }
}
