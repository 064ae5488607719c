package io.drumline.stomp;

import io.drumline.hub.Connection;
import io.drumline.message.CloseCode;
import io.drumline.message.Destination;
import io.drumline.security.DestinationPolicy.Action;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Brings each of a session's frames, in its turn, to whom it is for: the application, the broker,
 * or the session itself. A frame for the broker is served at once; one for the application, or
 * every one if the application intercepts client messages, goes through {@link SpringBridge} on the
 * session's own executor and, for the broker, comes back through {@link #serve}. Used on the
 * connection's event loop.
 */
final class FrameRouter {
  private final StompSession session;
  private final StompSessions server;
  private final Connection connection;
  private final Pending pending;
  private final StompSubscriptions subscriptions;
  private final Access access;

  FrameRouter(
      StompSession session,
      StompSessions server,
      Connection connection,
      Pending pending,
      StompSubscriptions subscriptions,
      Access access) {
    this.session = session;
    this.server = server;
    this.connection = connection;
    this.pending = pending;
    this.subscriptions = subscriptions;
    this.access = access;
  }

  /** A frame that the session has accepted from its client. */
  void route(ClientFrame frame, Pending.Slot slot) {
    boolean sends = frame.command() == ClientCommand.SEND;
    if (sends || frame.command() == ClientCommand.SUBSCRIBE) {
      String destination = frame.required("destination");
      if (sends && access.renews(destination)) {
        access.renew(frame, () -> pending.done(slot));
        return;
      }
      if (server.bridge().isForApplication(destination)) {
        access.require(sends ? Action.SEND : Action.SUBSCRIBE, destination);
      }
    }
    if (server.bridge().intercepting()) {
      dispatch(frame, slot);
    } else {
      serve(frame, slot);
    }
  }

  /** The same rule for the application's destinations and the broker's. */
  static void checkHeaders(ClientFrame send) {
    try {
      ReservedHeaders.check(send.headers());
    } catch (IllegalArgumentException refused) {
      throw new StompException(String.valueOf(refused.getMessage()));
    }
  }

  /** A frame of a transaction; what is wrong with it is said with its receipt, else COMMIT's. */
  void routeCommitted(ClientFrame held, Pending.Slot slot, ClientFrame commit) {
    if (session.hasEnded()) {
      return; // one before it was refused: those behind it are not carried out
    }
    try {
      route(held, slot);
    } catch (StompException error) {
      String receipt = slot.receipt();
      session.fail(error, receipt == null ? commit.header("receipt") : receipt);
    }
  }

  /**
   * Hands a frame to the application; it comes back, or its slot is done, when the application has
   * seen it.
   *
   * @throws StompException if the application is too far behind
   */
  void dispatch(ClientFrame frame, Pending.Slot slot) {
    server.bridge().dispatch(session, frame, slot);
  }

  /** Serves a frame: the broker's part, and what belongs to the session. */
  void serve(ClientFrame frame, Pending.Slot slot) {
    if (session.hasEnded()) {
      return;
    }
    try {
      switch (frame.command()) {
        case CONNECT, STOMP -> {
          session.intercepted(frame);
          pending.done(slot);
        }
        case SEND -> send(frame, slot);
        case SUBSCRIBE -> subscriptions.subscribe(frame, slot);
        case UNSUBSCRIBE -> {
          subscriptions.unsubscribe(frame);
          pending.done(slot);
        }
        case ACK, NACK -> {
          subscriptions.acknowledge(frame);
          pending.done(slot);
        }
        case DISCONNECT -> {
          session.leave();
          pending.done(slot);
          pending.whenEmpty(() -> connection.close(CloseCode.NORMAL, ""));
        }
        case BEGIN, COMMIT, ABORT -> pending.done(slot);
      }
    } catch (StompException error) {
      session.fail(error, slot.receipt());
    }
  }

  private void send(ClientFrame frame, Pending.Slot slot) {
    String text = frame.required("destination");
    // A client that subscribes and then sends must see its own message.
    if (server.bridge().isForApplication(text)) {
      if (!subscriptions.joining().deferBehindAll(() -> serve(frame, slot))) {
        dispatch(frame, slot);
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
    if (subscriptions.joining().defer(destination, () -> serve(frame, slot))) {
      return;
    }
    access.require(Action.SEND, destination.value());
    access.use(server.newDestinations(), destination);
    String publisher = session.user() == null ? null : session.userName();
    publish(destination, frame, Continuity.publisherId(frame, publisher))
        .whenComplete(
            (messageId, error) ->
                session.onLoop(
                    () -> {
                      if (error == null) {
                        pending.done(slot);
                      } else {
                        session.fail(StompSessions.notAccepted(error), slot.receipt());
                      }
                    }));
  }

  /** An interceptor of the application may have added a header that is refused. */
  private CompletionStage<String> publish(
      Destination destination, ClientFrame frame, @Nullable String id) {
    try {
      return server.publisher().send(destination, frame, id);
    } catch (IllegalArgumentException refused) {
      throw new StompException(String.valueOf(refused.getMessage()));
    }
  }
}
