package io.drumline.stomp;

import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.drumline.publish.Publisher;
import io.drumline.stomp.access.Refusals;
import io.drumline.stomp.application.Inbound;
import io.drumline.stomp.application.InboundDoor;
import io.drumline.stomp.application.SpringBridge;
import io.drumline.stomp.application.SpringHeaders;
import io.drumline.stomp.client.Client;
import io.drumline.stomp.codec.ClientCommand;
import io.drumline.stomp.codec.ClientFrame;
import io.drumline.stomp.codec.ReservedHeaders;
import io.drumline.stomp.codec.StompEncoder;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageChannel;
import org.springframework.messaging.MessageDeliveryException;
import org.springframework.messaging.MessageHandler;
import org.springframework.messaging.SubscribableChannel;
import org.springframework.messaging.simp.SimpMessageHeaderAccessor;
import org.springframework.messaging.simp.SimpMessageType;
import org.springframework.messaging.simp.broker.AbstractBrokerMessageHandler;
import org.springframework.messaging.simp.stomp.StompHeaderAccessor;
import org.springframework.messaging.support.AbstractSubscribableChannel;

/**
 * Spring's broker handler: publishes messages that application code sends to the {@code
 * brokerChannel} ({@code SimpMessagingTemplate}, {@code @SendTo}), and accepts client messages back
 * after they have passed the application's interceptors. Messages that reach the inbound channel
 * without a session of this node are rejected. Client messages that need not pass through Spring
 * never come here: {@link StompSession} serves them on the event loop.
 */
final class Broker extends AbstractBrokerMessageHandler {
  private static final Logger log = LoggerFactory.getLogger(Broker.class);

  private final StompSessions sessions;
  private final Publisher publisher;
  private final SpringBridge bridge;
  private final RemoteSessions remote;
  private final InboundDoor door;

  /**
   * Subscribed to the {@code brokerChannel} instead of this handler, so that its messages can be
   * told apart from those of the inbound channel.
   */
  private final MessageHandler fromApplication = this::fromApplication;

  Broker(
      AbstractSubscribableChannel clientInboundChannel,
      MessageChannel clientOutboundChannel,
      SubscribableChannel brokerChannel,
      StompSessions sessions,
      RemoteSessions remote,
      InboundDoor door) {
    super(clientInboundChannel, clientOutboundChannel, brokerChannel);
    this.sessions = sessions;
    this.publisher = sessions.publisher();
    this.bridge = sessions.bridge();
    this.remote = remote;
    this.door = door;
  }

  @Override
  protected void startInternal() {
    getBrokerChannel().unsubscribe(this);
    getBrokerChannel().subscribe(fromApplication);
    bridge.start();
    door.guard((AbstractSubscribableChannel) getClientInboundChannel());
    publishBrokerAvailableEvent();
  }

  @Override
  protected void stopInternal() {
    publishBrokerUnavailableEvent();
    getBrokerChannel().unsubscribe(fromApplication);
  }

  /** A message of the client inbound channel. */
  @Override
  protected void handleMessageInternal(Message<?> message) {
    if (message.getHeaders().get(Inbound.HEADER) instanceof Inbound inbound) {
      if (bridge.intercepting()) {
        take(inbound, message);
      }
    } else {
      refuseForeign(message);
    }
  }

  /**
   * Rejects a message that no session of this node sent; messages for the application are left to
   * it.
   */
  private void refuseForeign(Message<?> message) {
    String destination = SimpMessageHeaderAccessor.getDestination(message.getHeaders());
    if (destination == null || !bridge.isForApplication(destination)) {
      door.refuseForBroker(message);
    }
  }

  private void fromApplication(Message<?> message) {
    if (isRunning()
        && SimpMessageHeaderAccessor.getMessageType(message.getHeaders())
            == SimpMessageType.MESSAGE) {
      publish(message);
    }
  }

  private void take(Inbound inbound, Message<?> message) {
    ClientFrame frame = inbound.frameOf(message);
    String destination = frame.header("destination");
    boolean applications =
        frame.command() == ClientCommand.SEND
            && destination != null
            && bridge.isForApplication(destination);
    if (!applications) {
      inbound.taken = frame;
    }
  }

  private void publish(Message<?> message) {
    String text = SimpMessageHeaderAccessor.getDestination(message.getHeaders());
    if (text == null) {
      throw new MessageDeliveryException(message, "The message has no destination.");
    }
    if (!(message.getPayload() instanceof byte[] body)) {
      throw new MessageDeliveryException(
          message, "The payload must be bytes: a message converter makes them.");
    }
    try {
      publish(message, Destination.of(text), body);
    } catch (IllegalArgumentException invalid) {
      throw new MessageDeliveryException(
          message, invalid.getMessage() + " (" + text + ")", invalid);
    }
  }

  /**
   * @throws IllegalArgumentException if the destination is not valid for the cluster, or a header
   *     is reserved for the server
   */
  private void publish(Message<?> message, Destination destination, byte[] body) {
    ReservedHeaders.check(SpringHeaders.published(StompHeaderAccessor.wrap(message)));
    String sessionId = SimpMessageHeaderAccessor.getSessionId(message.getHeaders());
    if (sessionId == null || destination.kind() != Destination.Kind.USER) {
      throwIfRefused(message, send(message, new Target(destination, null), body));
      return;
    }
    Client client = sessions.find(sessionId);
    if (client != null) {
      Target target = Target.of(destination, sessionId, client.userName());
      throwIfRefused(message, send(message, target, body));
      return;
    }
    // Another node may have the session; the answer is cached or arrives later.
    boolean taken =
        remote.ask(
            sessionId,
            body.length,
            user -> send(message, Target.of(destination, sessionId, user), body));
    if (!taken) {
      throw new MessageDeliveryException(
          message,
          "Too many messages to sessions of other nodes wait for an answer: try again later.");
    }
  }

  private CompletableFuture<@Nullable Throwable> send(
      Message<?> message, Target target, byte[] body) {
    StompHeaderAccessor accessor = StompHeaderAccessor.wrap(message);
    byte[] headers =
        StompEncoder.headerBlock(ReservedHeaders.passedOn(SpringHeaders.published(accessor)));
    String id = PublisherIds.ofApplication(accessor.getFirstNativeHeader("id"));
    CompletableFuture<@Nullable Throwable> failure =
        publisher
            .publish(new Draft(target.destination(), headers, body, id, target.session()))
            .<@Nullable Throwable>handle((messageId, error) -> error)
            .toCompletableFuture();
    failure.thenAccept(
        error -> {
          if (error != null) {
            log.atWarn()
                .addKeyValue("stomp.destination", target.destination().value())
                .log(
                    "A message of the application to {} was not accepted: {}",
                    target.destination(),
                    Refusals.notAccepted(error).getMessage());
          }
        });
    return failure;
  }

  private static void throwIfRefused(
      Message<?> message, CompletableFuture<@Nullable Throwable> failure) {
    Throwable refusedAtOnce = failure.getNow(null);
    if (refusedAtOnce != null) {
      throw new MessageDeliveryException(
          message, Refusals.notAccepted(refusedAtOnce).getMessage(), refusedAtOnce);
    }
  }

  /**
   * The destination of a message, and the only session to receive it, or null for all. As in
   * Spring: a message to a user with a session id of the same user, as from
   * {@code @SendToUser(broadcast = false)}, goes to that session only; with another user's session
   * id, it goes to all of the user's sessions. A session id may be used in place of the user name.
   */
  private record Target(Destination destination, @Nullable String session) {

    /**
     * @param owner the user name in the session's {@code /user/**} destinations; null if no node
     *     has the session
     */
    static Target of(Destination destination, String sessionId, @Nullable String owner) {
      if (!destination.user().equals(sessionId)) {
        return new Target(destination, destination.user().equals(owner) ? sessionId : null);
      }
      if (owner == null) {
        return new Target(destination, sessionId);
      }
      String rest = destination.shown().substring("/user".length());
      return new Target(Destination.ofUser(owner, rest), sessionId);
    }
  }
}
