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

  /** The application destination; null for a broker destination. */
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
   * @throws StompException if it lacks an id (in 1.1 and later) or its ack mode is unknown
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

  /**
   * The key in an UNSUBSCRIBE frame: an id, or a destination in 1.0.
   *
   * @throws StompException if it has none
   */
  static String keyOf(ClientFrame frame, StompVersion version) {
    String id = frame.header("id");
    if (id != null) {
      return id;
    }
    return frame.required(version == StompVersion.V1_0 ? "destination" : "id");
  }

  /** The client's id, or the destination for a STOMP 1.0 subscription without one. */
  String key() {
    return key;
  }

  MessageFormat format() {
    return format;
  }

  /** Marks it as the application's: it is not in the hub. */
  void handedTo(String applicationDestination) {
    application = applicationDestination;
  }

  /** The destination to authorize: in the cluster's spelling, or the application's. */
  String policyName() {
    return destination == null ? String.valueOf(application) : destination.value();
  }

  /** Sets its subscription in the hub, and its start. */
  void joined(Destination its, Start start, Subscription hubMember) {
    destination = its;
    member = hubMember;
    if (start.after() != null) {
      beginAfter(start.after());
    }
  }

  /** Sets the position from which it is live. */
  void beginAfter(Cursor cursor) {
    if (acknowledgements != null) {
      acknowledgements.beginAfter(cursor.messageId());
    }
  }

  /** Whether its position can be tracked. */
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

  /** Notes a message that was sent; returns whether it is a further one to be acknowledged. */
  boolean delivered(String messageId) {
    return acknowledgements != null && acknowledgements.delivered(messageId);
  }

  /**
   * Handles an ACK or NACK; returns the number of messages covered, 0 if it is not outstanding
   * here.
   */
  int acknowledge(String messageId) {
    return acknowledgements == null ? 0 : acknowledgements.acknowledge(messageId);
  }

  int unacknowledged() {
    return acknowledgements == null ? 0 : acknowledgements.size();
  }

  /** Stops delivery. */
  void cancel() {
    if (member != null) {
      member.cancel();
    }
  }
}
