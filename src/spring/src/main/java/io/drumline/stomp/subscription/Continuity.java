package io.drumline.stomp.subscription;

import io.drumline.backplane.MessageIds;
import io.drumline.hub.Joined;
import io.drumline.hub.order.Start;
import io.drumline.message.Cursor;
import io.drumline.message.Destination;
import io.drumline.message.Gap;
import io.drumline.stomp.codec.ClientFrame;
import io.drumline.stomp.codec.Header;
import io.drumline.stomp.codec.Sentences;
import io.drumline.stomp.codec.StompException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads the start of a SUBSCRIBE, and writes the headers of its answer. */
final class Continuity {
  static final String RESUME_AFTER = "resume-after";
  static final String REPLAY = "replay";

  private static final String FROM_NOW_ON = "*";
  private static final int MOST_REPLAYED = 1_000_000;

  private Continuity() {}

  /**
   * The start that a SUBSCRIBE asks for.
   *
   * @throws StompException if its headers are invalid for this destination
   */
  static Start start(ClientFrame subscribe, Destination destination) {
    String after = subscribe.header(RESUME_AFTER);
    String replay = subscribe.header(REPLAY);
    if (after == null && replay == null) {
      return Start.LIVE;
    }
    if (!destination.ordered()) {
      throw new StompException(
          "There is nothing to resume or replay: messages to /ephemeral/** are not kept.");
    }
    int count = replay == null ? 0 : count(replay);
    if (after == null || after.equals(FROM_NOW_ON)) {
      return new Start(after != null, null, count);
    }
    return new Start(true, cursor(after, destination), 0);
  }

  /**
   * The start of a SUBSCRIBE of a shared session: the client's position, unless the frame has its
   * own.
   *
   * @param position the session's, or null
   * @throws StompException if its headers are invalid for this destination
   */
  static Start start(ClientFrame subscribe, Destination destination, @Nullable String position) {
    Start said = start(subscribe, destination);
    if (subscribe.header(RESUME_AFTER) != null || !destination.ordered()) {
      return said;
    }
    if (position == null) {
      return new Start(true, null, said.replay());
    }
    return new Start(true, cursor(position, destination), 0);
  }

  private static int count(String replay) {
    try {
      int count = Integer.parseInt(replay.trim());
      if (count >= 0) {
        return Math.min(count, MOST_REPLAYED);
      }
    } catch (NumberFormatException none) {
      // rejected below
    }
    throw new StompException(
        "The replay header must be a number of messages, but is '"
            + Sentences.shorten(replay)
            + "'.");
  }

  private static Cursor cursor(String text, Destination destination) {
    Cursor cursor;
    try {
      cursor = Cursor.parse(text);
    } catch (IllegalArgumentException malformed) {
      throw new StompException(
          "The resume-after header must be * or a message-id of this destination, but is '"
              + Sentences.shorten(text)
              + "'.");
    }
    if (!cursor.epoch().startsWith(MessageIds.destinationTag(destination))) {
      throw new StompException(
          "The resume-after header '"
              + Sentences.shorten(text)
              + "' is a message-id of another destination.");
    }
    return cursor;
  }

  /** The headers of a SUBSCRIBE's RECEIPT. */
  static List<Header> answer(Start start, Joined joined) {
    return switch (joined.outcome()) {
      case LIVE -> live(start, joined);
      case CANCELLED -> unrecovered(start, List.of(new Header("cancelled", "true")));
      case UNAVAILABLE ->
          unrecovered(
              start,
              List.of(
                  new Header("gap", Gap.Reason.UNAVAILABLE.text()),
                  new Header("missed", Gap.UNKNOWN_TEXT)));
    };
  }

  private static List<Header> unrecovered(Start start, List<Header> why) {
    List<Header> headers = new ArrayList<>(3);
    if (start.after() != null) {
      headers.add(new Header("recovered", "false"));
    }
    headers.addAll(why);
    return headers;
  }

  private static List<Header> live(Start start, Joined joined) {
    Cursor cursor = joined.cursor();
    if (cursor == null) {
      return List.of();
    }
    List<Header> headers = new ArrayList<>(4);
    headers.add(new Header("position", cursor.messageId()));
    if (start.after() != null) {
      headers.add(new Header("recovered", Boolean.toString(joined.gap() == null)));
    }
    if (joined.gap() != null) {
      headers.add(new Header("gap", joined.gap().reason().text()));
      headers.add(new Header("missed", joined.gap().missedText()));
    }
    return headers;
  }
}
