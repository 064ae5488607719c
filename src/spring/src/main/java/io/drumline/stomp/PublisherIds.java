package io.drumline.stomp;

import io.drumline.stomp.codec.ClientFrame;
import io.drumline.stomp.codec.StompException;
import org.jspecify.annotations.Nullable;

/**
 * Message ids set by publishers, prefixed with the publisher so that those of two publishers
 * differ.
 */
final class PublisherIds {
  private static final int LONGEST_ID = 128;

  private PublisherIds() {}

  /**
   * The id header of a client's SEND, prefixed so that no other user can produce it; null without
   * one.
   *
   * @throws StompException if it is too long
   */
  static @Nullable String ofClient(ClientFrame send, @Nullable String user) {
    String id = checked(send.header("id"));
    String owner = user == null ? "" : user;
    return id == null
        ? null
        : owner.length() + ":" + owner + ':' + id; // the length shows where the name ends
  }

  /**
   * The application's id of a message, prefixed so that no client can produce it; null without one.
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
