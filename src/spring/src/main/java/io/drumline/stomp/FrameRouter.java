package io.drumline.stomp;

import io.drumline.message.CloseCode;
import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.drumline.publish.Publisher;
import io.drumline.security.DestinationPolicy.Action;
import io.drumline.stomp.access.Access;
import io.drumline.stomp.access.Refusals;
import io.drumline.stomp.application.SpringBridge;
import io.drumline.stomp.client.Client;
import io.drumline.stomp.client.Pending;
import io.drumline.stomp.codec.ClientCommand;
import io.drumline.stomp.codec.ClientFrame;
import io.drumline.stomp.codec.ReservedHeaders;
import io.drumline.stomp.codec.Sentences;
import io.drumline.stomp.codec.StompEncoder;
import io.drumline.stomp.codec.StompException;
import io.drumline.stomp.subscription.StompSubscriptions;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Routes each frame of a session to the application, the broker, or the session itself. A frame for
 * the broker is served at once. A frame for the application, or every frame if the application
 * intercepts client messages, goes through {@link SpringBridge} on the client's own executor; for
 * the broker, it comes back through {@link #serve}. Used on the connection's event loop.
 */
final class FrameRouter {
  private final Client client;
  private final Access access;
  private final SpringBridge bridge;
  private final Publisher publisher;
  private final StompSubscriptions subscriptions;
  private final ConnectFlow connecting;

  FrameRouter(
      Client client,
      Access access,
      SpringBridge bridge,
      Publisher publisher,
      StompSubscriptions subscriptions,
      ConnectFlow connecting) {
    this.client = client;
    this.access = access;
    this.bridge = bridge;
    this.publisher = publisher;
    this.subscriptions = subscriptions;
    this.connecting = connecting;
  }

  /** Routes a frame that the session has accepted from its client. */
  void route(ClientFrame frame, Pending.Slot slot) {
    boolean sends = frame.command() == ClientCommand.SEND;
    if (sends || frame.command() == ClientCommand.SUBSCRIBE) {
      String destination = frame.required("destination");
      if (sends && access.renews(destination)) {
        renew(frame, slot);
        return;
      }
      if (bridge.isForApplication(destination)) {
        access.require(sends ? Action.SEND : Action.SUBSCRIBE, destination);
      }
    }
    if (bridge.intercepting()) {
      bridge.dispatch(client, frame, slot);
    } else {
      serve(frame, slot);
    }
  }

  /** Rejects reserved headers, alike for the application's destinations and the broker's. */
  static void checkHeaders(ClientFrame send) {
    try {
      ReservedHeaders.check(send.headers());
    } catch (IllegalArgumentException refused) {
      throw new StompException(String.valueOf(refused.getMessage()));
    }
  }

  /**
   * Routes a frame of a transaction; an error carries the frame's receipt, or else that of COMMIT.
   */
  void routeCommitted(ClientFrame held, Pending.Slot slot, ClientFrame commit) {
    if (client.hasEnded()) {
      return; // an earlier frame was rejected: those after it are not carried out
    }
    try {
      route(held, slot);
    } catch (StompException error) {
      String receipt = slot.receipt();
      client.fail(error, receipt == null ? commit.header("receipt") : receipt);
    }
  }

  private void renew(ClientFrame frame, Pending.Slot slot) {
    access.renew(
        frame,
        () -> {
          subscriptions.check(); // the new token may grant less
          slot.done();
        });
  }

  /** Serves a frame for the broker or the session itself. */
  void serve(ClientFrame frame, Pending.Slot slot) {
    if (client.hasEnded()) {
      return;
    }
    try {
      switch (frame.command()) {
        case CONNECT, STOMP -> {
          connecting.intercepted(frame);
          slot.done();
        }
        case SEND -> send(frame, slot);
        case SUBSCRIBE -> subscriptions.subscribe(frame, slot);
        case UNSUBSCRIBE -> {
          subscriptions.unsubscribe(frame);
          slot.done();
        }
        case ACK, NACK -> {
          subscriptions.acknowledge(frame);
          slot.done();
        }
        case DISCONNECT -> {
          client.endShared(); // first: its subscriptions stay in the shared session
          subscriptions.cancel();
          slot.done();
          client.pending().whenEmpty(() -> client.connection().close(CloseCode.NORMAL, ""));
        }
        case BEGIN, COMMIT, ABORT -> slot.done();
      }
    } catch (StompException error) {
      client.fail(error, slot.receipt());
    }
  }

  private void send(ClientFrame frame, Pending.Slot slot) {
    String text = frame.required("destination");
    // A client that subscribes and then sends must receive its own message.
    if (bridge.isForApplication(text)) {
      if (!subscriptions.deferBehindAll(() -> serve(frame, slot))) {
        bridge.dispatch(client, frame, slot);
      }
      return;
    }
    if (Destination.lacksUser(text)) {
      throw new StompException(
          "The destination %s names no user: write /user/<name>%s."
              .formatted(
                  Sentences.shorten(text), Sentences.shorten(text.substring("/user".length()))));
    }
    Destination destination = StompSubscriptions.destination(text);
    if (subscriptions.deferBehind(destination, () -> serve(frame, slot))) {
      return;
    }
    access.require(Action.SEND, destination.value());
    access.use(destination);
    String user = client.user() == null ? null : client.userName();
    publish(destination, frame, PublisherIds.ofClient(frame, user))
        .whenComplete(
            (messageId, error) ->
                client.onLoop(
                    () -> {
                      if (error == null) {
                        slot.done();
                      } else {
                        client.fail(Refusals.notAccepted(error), slot.receipt());
                      }
                    }));
  }

  /**
   * Publishes a SEND. An interceptor of the application may have added a header that is rejected.
   */
  private CompletionStage<String> publish(
      Destination destination, ClientFrame frame, @Nullable String id) {
    try {
      byte[] headers = StompEncoder.headerBlock(ReservedHeaders.passedOn(frame.headers()));
      return publisher.publish(
          new Draft(destination, headers, frame.body(), id, null), frame::header);
    } catch (IllegalArgumentException refused) {
      throw new StompException(String.valueOf(refused.getMessage()));
    }
  }
}
