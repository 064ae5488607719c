package io.drumline.stomp;

import io.drumline.stomp.codec.ClientFrame;
import io.drumline.stomp.codec.StompException;
import org.jspecify.annotations.Nullable;

/** Publishers' own ids of messages, told apart by who the publisher is. */
final class PublisherIds {
  private static final int LONGEST_ID = 128;

  private PublisherIds() {}

  /**
   * The client's own id of a SEND, as no other user can choose it; null without one.
   *
   * @throws StompException if it is too long
   */
  static @Nullable String ofClient(ClientFrame send, @Nullable String user) {
    String id = checked(send.header("id"));
    String owner = user == null ? "" : user;
    return id == null
        ? null
        : owner.length() + ":" + owner + ':' + id; // beyond any doubt where the name ends
  }

  /**
   * An application's own id of a message, as no client can choose it; null without one.
   *
   * @throws StompException if it is too long
   */
  static @Nullable String ofApplication(@Nullable String id) {
    String own = checked(id);
    return own == null ? null : "app:" + own;
  }

  private static @Nullable String checked(@Nullable String id) {
    if (id == null || id.isEmpty()) {
      return null;
    }
    if (id.length() > LONGEST_ID) {
      throw new StompException("The id header is longer than " + LONGEST_ID + " characters.");
    }
    return id;
  }
}
