package io.drumline.stomp.subscription;

import io.drumline.stomp.codec.AckMode;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The messages of one subscription that its client has not acknowledged. Topics do not redeliver
 * messages, so this only validates ACKs. Used on the connection's event loop.
 */
final class Acknowledgements {
  private final AckMode mode;

  /** Message ids in order, each with the id of the message before. */
  private final Map<String, String> outstanding = new LinkedHashMap<>();

  private String last = "";

  /**
   * @param mode {@code client} or {@code client-individual}
   */
  Acknowledgements(AckMode mode) {
    this.mode = mode;
  }

  /** Sets the position up to which there is nothing to acknowledge. */
  void beginAfter(String messageId) {
    if (last.isEmpty()) {
      last = messageId;
    }
  }

  /** Adds a message that was sent; returns false if it is outstanding already. */
  boolean delivered(String messageId) {
    if (outstanding.putIfAbsent(messageId, last) != null) {
      return false;
    }
    last = messageId;
    return true;
  }

  boolean contains(String messageId) {
    return outstanding.containsKey(messageId);
  }

  /** The id of the last message up to which all are acknowledged; null if unknown. */
  @Nullable String position() {
    String position = outstanding.isEmpty() ? last : outstanding.values().iterator().next();
    return position.isEmpty() ? null : position;
  }

  /**
   * Handles an ACK or NACK; returns the number of messages covered, 0 if the message is not
   * outstanding.
   */
  int acknowledge(String messageId) {
    if (!outstanding.containsKey(messageId)) {
      return 0;
    }
    if (mode == AckMode.CLIENT_INDIVIDUAL) {
      outstanding.remove(messageId);
      return 1;
    }
    int covered = 0;
    for (Iterator<String> ids = outstanding.keySet().iterator(); ids.hasNext(); ) {
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
