package io.drumline.stomp.subscription;

import io.drumline.hub.Frames;
import io.drumline.hub.Subscription;
import io.drumline.hub.order.Start;
import io.drumline.message.Cursor;
import io.drumline.message.Destination;
import io.drumline.session.Tracked;
import io.drumline.stomp.codec.AckMode;
import io.drumline.stomp.codec.ClientFrame;
import io.drumline.stomp.codec.MessageFormat;
import io.drumline.stomp.codec.StompException;
import io.drumline.stomp.codec.StompVersion;
import org.jspecify.annotations.Nullable;

/** One SUBSCRIBE of a session. Used on the connection's event loop. */
final class StompSubscription implements Tracked {
  private final String key;
  private final MessageFormat format;
  private final @Nullable Acknowledgements acknowledgements;

  private @Nullable Destination destination;

  /** The application's destination, where it is one of those. */
  private @Nullable String application;

  private @Nullable Subscription member;

  private StompSubscription(
      String key, MessageFormat format, @Nullable Acknowledgements acknowledgements) {
    this.key = key;
    this.format = format;
    this.acknowledgements = acknowledgements;
  }

  /**
   * Reads a SUBSCRIBE frame.
   *
   * @throws StompException if it lacks an id (from 1.1 on) or its ack mode is unknown
   */
  static StompSubscription of(
      ClientFrame frame, String destination, StompVersion version, Frames.Payload carrier) {
    String id = frame.header("id");
    if (id == null && version != StompVersion.V1_0) {
      frame.required("id");
    }
    AckMode ackMode = AckMode.of(frame.header("ack"));
    MessageFormat format = new MessageFormat(id, version, ackMode, carrier);
    return new StompSubscription(
        id == null ? destination : id,
        format,
        ackMode == AckMode.AUTO ? null : new Acknowledgements(ackMode));
  }

  /** What an UNSUBSCRIBE frame names: an id, or in 1.0 a destination. */
  static String keyOf(ClientFrame frame, StompVersion version) {
    String id = frame.header("id");
    if (id != null) {
      return id;
    }
    return frame.required(version == StompVersion.V1_0 ? "destination" : "id");
  }

  /** The client's id, or the destination where STOMP 1.0 gave none. */
  String key() {
    return key;
  }

  MessageFormat format() {
    return format;
  }

  /** It is one of the application's, and has no place in the hub. */
  void handedTo(String applicationDestination) {
    application = applicationDestination;
  }

  /** What the policy is asked for: the cluster's spelling, or the application's. */
  String policyName() {
    return destination == null ? String.valueOf(application) : destination.value();
  }

  /** It is a member of its destination, and begins there. */
  void joined(Destination its, Start start, Subscription hubMember) {
    destination = its;
    member = hubMember;
    if (start.after() != null) {
      beginAfter(start.after());
    }
  }

  /** It is live from here on. */
  void beginAfter(Cursor cursor) {
    if (acknowledgements != null) {
      acknowledgements.beginAfter(cursor.messageId());
    }
  }

  /** Whether it has a destination whose position can be remembered. */
  boolean isTracked() {
    return destination != null;
  }

  @Override
  public Destination destination() {
    if (destination == null) {
      throw new IllegalStateException("The application's subscriptions are not tracked.");
    }
    return destination;
  }

  @Override
  public @Nullable String received() {
    if (acknowledgements != null) {
      return acknowledgements.position();
    }
    Cursor position = member == null ? null : member.position();
    return position == null ? null : position.messageId();
  }

  @Override
  public boolean acknowledged() {
    return acknowledgements != null;
  }

  /** A message was written; returns whether it is one more to be acknowledged. */
  boolean delivered(String messageId) {
    return acknowledgements != null && acknowledgements.delivered(messageId);
  }

  /**
   * Takes an ACK or NACK; returns how many messages it covered, 0 if it is not outstanding here.
   */
  int acknowledge(String messageId) {
    return acknowledgements == null ? 0 : acknowledgements.acknowledge(messageId);
  }

  int unacknowledged() {
    return acknowledgements == null ? 0 : acknowledgements.size();
  }

  /** Nothing more is delivered. */
  void cancel() {
    if (member != null) {
      member.cancel();
    }
  }
}
