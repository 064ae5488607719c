package io.drumline.stomp.subscription;

import io.drumline.hub.Hub;
import io.drumline.hub.Joined;
import io.drumline.hub.Subscription;
import io.drumline.hub.order.Start;
import io.drumline.message.CloseCode;
import io.drumline.message.Destination;
import io.drumline.message.Publication;
import io.drumline.security.DestinationPolicy.Action;
import io.drumline.security.Limit;
import io.drumline.session.SharedSession;
import io.drumline.stomp.access.Access;
import io.drumline.stomp.application.SpringBridge;
import io.drumline.stomp.client.Client;
import io.drumline.stomp.client.Pending;
import io.drumline.stomp.codec.ClientFrame;
import io.drumline.stomp.codec.MessageFormat;
import io.drumline.stomp.codec.Sentences;
import io.drumline.stomp.codec.StompException;
import io.drumline.stomp.codec.StompVersion;
import io.drumline.stomp.settings.StompProperties;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One session's subscriptions and unacknowledged messages. Used on the connection's event loop. */
public final class StompSubscriptions {
  private static final String USER_PREFIX = "/user";

  /** Headers that other servers support to select some of the messages. */
  private static final List<String> FILTERS = List.of("selector", "no-local");

  private final Client client;
  private final Access access;
  private final Hub hub;
  private final SpringBridge bridge;
  private final StompProperties properties;
  private final Map<String, StompSubscription> byKey = new HashMap<>(2);

  /**
   * Ids of subscriptions that ended with unacknowledged messages, latest last: an ACK that was in
   * transit meanwhile has no effect. At most as many as the limit of subscriptions.
   */
  private Set<String> endedUnacknowledged = Set.of(); // in most sessions

  private final Joining joining = new Joining();
  private int unacknowledged;

  public StompSubscriptions(
      Client client, Access access, Hub hub, SpringBridge bridge, StompProperties properties) {
    this.client = client;
    this.access = access;
    this.hub = hub;
    this.bridge = bridge;
    this.properties = properties;
  }

  /**
   * Serves a SUBSCRIBE; its slot is done once every later message will be delivered.
   *
   * @throws StompException if the frame is invalid, not allowed, or beyond a limit
   */
  public void subscribe(ClientFrame frame, Pending.Slot slot) {
    String text = frame.required("destination");
    StompSubscription subscription =
        StompSubscription.of(frame, text, client.version(), client.carrier());
    if (byKey.containsKey(subscription.key())) {
      throw new StompException(
          "The subscription id '" + Sentences.shorten(subscription.key()) + "' is already in use.");
    }
    int most = properties.maxSubscriptions();
    if (byKey.size() >= most) {
      throw StompException.exceeds(
          Limit.SUBSCRIPTIONS, "Too many subscriptions: at most " + most + " a connection.");
    }
    if (bridge.isForApplication(text)) {
      subscription.handedTo(text);
      byKey.put(subscription.key(), subscription);
      if (bridge.intercepting()) {
        slot.done(); // the application has already received it
      } else {
        bridge.dispatch(client, frame, slot);
      }
      return;
    }
    refuseFilters(frame);
    Destination destination = subscribed(text);
    access.require(Action.SUBSCRIBE, destination.value());
    SharedSession shared = tracking(destination);
    Start start =
        shared == null
            ? Continuity.start(frame, destination)
            : Continuity.start(frame, destination, shared.resumeAfter(destination));
    if (!start.equals(Start.LIVE)) { // else the destination needs no history
      access.use(destination);
    }
    Subscription member =
        hub.subscribe(
            client.connection(), destination, subscription.format(), start, observer(subscription));
    subscription.joined(destination, start, member);
    if (shared != null) {
      shared.track(subscription);
    }
    byKey.put(subscription.key(), subscription);
    joining.begins(destination);
    Answer answer = new Answer(slot, destination, start);
    member.onBegin(
        joined -> {
          if (joined.cursor() != null) {
            subscription.beginAfter(joined.cursor());
            if (shared != null) {
              shared.began(destination, joined.cursor().messageId());
            }
          }
          answer.give(joined);
        });
    bridge.subscribeEvent(client, frame);
  }

  /**
   * Authorizes all subscriptions again.
   *
   * @throws StompException if one is no longer allowed
   */
  public void check() {
    for (StompSubscription subscription : byKey.values()) {
      access.require(Action.SUBSCRIBE, subscription.policyName());
    }
  }

  public void unsubscribe(ClientFrame frame) {
    String key = StompSubscription.keyOf(frame, client.version());
    StompSubscription subscription = byKey.remove(key);
    if (subscription == null) {
      throw new StompException(
          "There is no subscription with the id '" + Sentences.shorten(key) + "'.");
    }
    SharedSession shared = client.shared();
    if (shared != null && subscription.isTracked()) {
      shared.untrack(subscription);
    }
    subscription.cancel();
    if (subscription.unacknowledged() > 0) {
      unacknowledged -= subscription.unacknowledged();
      endedWithUnacknowledged(key);
    }
    bridge.unsubscribeEvent(client, frame);
  }

  private void endedWithUnacknowledged(String key) {
    if (endedUnacknowledged.isEmpty()) {
      endedUnacknowledged = new LinkedHashSet<>();
    }
    endedUnacknowledged.remove(key);
    endedUnacknowledged.add(key);
    if (endedUnacknowledged.size() > properties.maxSubscriptions()) {
      endedUnacknowledged.remove(endedUnacknowledged.iterator().next());
    }
  }

  /**
   * Rejects a SUBSCRIBE that selects some of a destination's messages: delivering all of them would
   * be a silent error.
   */
  private static void refuseFilters(ClientFrame frame) {
    for (String filter : FILTERS) {
      String value = frame.header(filter);
      if (value != null && !value.isBlank() && !value.equals("false")) {
        throw new StompException(
            "The header '"
                + filter
                + "' of SUBSCRIBE is not supported: subscribe without it, and filter the messages"
                + " in the client, or publish to destinations of their own.");
      }
    }
  }

  /**
   * Handles an ACK or NACK, which must name an outstanding message; one for a subscription that has
   * ended has no effect.
   *
   * @throws StompException if there is no such message
   */
  public void acknowledge(ClientFrame frame) {
    StompVersion version = client.version();
    String id = frame.required(version == StompVersion.V1_2 ? "id" : "message-id");
    String key = null;
    String messageId = id;
    if (version == StompVersion.V1_2) {
      int separator = id.indexOf(MessageFormat.ACK_SEPARATOR);
      messageId = separator < 0 ? id : id.substring(0, separator);
      key = separator < 0 ? id : id.substring(separator + 1);
    } else if (version == StompVersion.V1_1) {
      key = frame.required("subscription");
    }
    for (StompSubscription subscription : byKey.values()) {
      if (key == null || key.equals(subscription.key())) {
        int covered = subscription.acknowledge(messageId);
        if (covered > 0) {
          unacknowledged -= covered;
          return;
        }
      }
    }
    if (key == null ? !endedUnacknowledged.isEmpty() : endedUnacknowledged.contains(key)) {
      return;
    }
    throw new StompException(
        "There is no unacknowledged message '" + Sentences.shorten(id) + "' on this connection.");
  }

  /** Keeps a task until no SUBSCRIBE to this destination is open; false if none is. */
  public boolean deferBehind(Destination destination, Runnable task) {
    return joining.defer(destination, task);
  }

  /** Keeps a task until no SUBSCRIBE is open; false if none is. */
  public boolean deferBehindAll(Runnable task) {
    return joining.deferBehindAll(task);
  }

  /** Stops all delivery to the client. */
  public void cancel() {
    byKey.values().forEach(StompSubscription::cancel);
    byKey.clear();
  }

  /**
   * Parses a client's destination.
   *
   * @throws StompException if it is invalid
   */
  public static Destination destination(String text) {
    try {
      return Destination.of(text);
    } catch (IllegalArgumentException invalid) {
      throw invalid(text, invalid);
    }
  }

  private static StompException invalid(String text, IllegalArgumentException invalid) {
    String sentence = String.valueOf(invalid.getMessage());
    return text.getBytes(StandardCharsets.UTF_8).length > Destination.MAX_BYTES
        ? StompException.exceeds(Limit.DESTINATION, sentence)
        : new StompException(sentence);
  }

  /**
   * Parses the destination of a SUBSCRIBE, in which {@code /user/**} is always the client's own.
   */
  private Destination subscribed(String text) {
    if (text.indexOf('*') >= 0) {
      throw new StompException("Wildcards are not allowed in the destination of SUBSCRIBE.");
    }
    if (!text.startsWith(USER_PREFIX + '/')) {
      return destination(text);
    }
    try {
      return Destination.ofUser(client.userName(), text.substring(USER_PREFIX.length()));
    } catch (IllegalArgumentException invalid) {
      throw invalid(text, invalid);
    }
  }

  /** The shared session that tracks the position in this destination, or null. */
  private @Nullable SharedSession tracking(Destination destination) {
    boolean nameless = destination.kind() == Destination.Kind.USER && client.user() == null;
    return destination.ordered() && !nameless ? client.shared() : null;
  }

  /** The RECEIPT of one SUBSCRIBE, sent once, though the subscription may begin again later. */
  private final class Answer {
    private final Pending.Slot slot;
    private final Destination destination;
    private final Start start;
    private boolean given;

    Answer(Pending.Slot slot, Destination destination, Start start) {
      this.slot = slot;
      this.destination = destination;
      this.start = start;
    }

    void give(Joined joined) {
      if (!given) {
        given = true;
        slot.answer(Continuity.answer(start, joined));
        slot.done();
        joining.ended(destination);
      }
    }
  }

  private @Nullable Consumer<Publication> observer(StompSubscription subscription) {
    return subscription.acknowledged() ? publication -> delivered(subscription, publication) : null;
  }

  private void delivered(StompSubscription subscription, Publication publication) {
    if (!subscription.delivered(publication.messageId())) {
      return;
    }
    int most = properties.maxUnacknowledged();
    if (++unacknowledged > most) {
      client.fail(
          StompException.exceeds(
              Limit.UNACKNOWLEDGED,
              "More than " + most + " messages are unacknowledged.",
              null,
              CloseCode.TOO_MANY_UNACKNOWLEDGED));
    }
  }
}
