package io.drumline.stomp;

import io.drumline.message.Destination;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageChannel;
import org.springframework.messaging.MessageDeliveryException;
import org.springframework.messaging.SubscribableChannel;
import org.springframework.messaging.simp.SimpMessageHeaderAccessor;
import org.springframework.messaging.simp.SimpMessageType;
import org.springframework.messaging.simp.broker.AbstractBrokerMessageHandler;
import org.springframework.messaging.simp.stomp.StompHeaderAccessor;

/**
 * Spring's broker handler: publishes what application code sends ({@code SimpMessagingTemplate},
 * {@code @SendTo}), and takes client messages back that passed through the application's
 * interceptors. Client messages that need not pass through Spring never come here: {@link
 * StompSession} serves them on the event loop.
 */
final class Broker extends AbstractBrokerMessageHandler {
  private static final Logger log = LoggerFactory.getLogger(Broker.class);

  private final StompSessions sessions;
  private final Publisher publisher;
  private final SpringBridge bridge;

  Broker(
      SubscribableChannel clientInboundChannel,
      MessageChannel clientOutboundChannel,
      SubscribableChannel brokerChannel,
      StompSessions sessions) {
    super(clientInboundChannel, clientOutboundChannel, brokerChannel);
    this.sessions = sessions;
    this.publisher = sessions.publisher();
    this.bridge = sessions.bridge();
  }

  @Override
  protected void startInternal() {
    bridge.start();
    publishBrokerAvailableEvent();
  }

  @Override
  protected void stopInternal() {
    publishBrokerUnavailableEvent();
  }

  @Override
  protected void handleMessageInternal(Message<?> message) {
    if (message.getHeaders().get(Inbound.HEADER) instanceof Inbound inbound) {
      if (bridge.intercepting()) {
        take(inbound, message);
      }
    } else if (SimpMessageHeaderAccessor.getMessageType(message.getHeaders())
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
      inbound.taken = true;
      inbound.session.onLoop(() -> inbound.session.router().serve(frame, inbound.slot));
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
    Target target;
    try {
      target = target(Destination.of(text), message);
    } catch (IllegalArgumentException invalid) {
      throw new MessageDeliveryException(
          message, invalid.getMessage() + " (" + text + ")", invalid);
    }
    StompHeaderAccessor accessor = StompHeaderAccessor.wrap(message);
    List<Header> headers = SpringHeaders.list(accessor.toNativeHeaderMap());
    // As in a client's SEND: a message with the same id is published once.
    String id = accessor.getFirstNativeHeader("id");
    CompletableFuture<@Nullable Throwable> failure =
        publisher
            .publish(target.destination(), headers, body, id, target.session())
            .<@Nullable Throwable>handle((messageId, error) -> error)
            .toCompletableFuture();
    Throwable refusedAtOnce = failure.getNow(null);
    if (refusedAtOnce != null) {
      throw new MessageDeliveryException(
          message, StompSessions.notAccepted(refusedAtOnce).getMessage(), refusedAtOnce);
    }
    failure.thenAccept(
        error -> {
          if (error != null) {
            log.atWarn()
                .addKeyValue("stomp.destination", target.destination().value())
                .log(
                    "A message of the application to {} was not accepted: {}",
                    target.destination(),
                    error.getMessage());
          }
        });
  }

  /** Where a message goes, and the only session that shall see it, or null. */
  private record Target(Destination destination, @Nullable String session) {}

  /**
   * As in Spring: a message to a user that comes with a session of that same user, as from
   * {@code @SendToUser(broadcast = false)}, is for that session alone; the session's id may stand
   * in place of the user's name.
   */
  private Target target(Destination destination, Message<?> message) {
    String sessionId = SimpMessageHeaderAccessor.getSessionId(message.getHeaders());
    StompSession session =
        sessionId == null || destination.kind() != Destination.Kind.USER
            ? null
            : sessions.find(sessionId);
    if (session != null && destination.user().equals(sessionId)) {
      String rest = destination.shown().substring("/user".length());
      return new Target(Destination.ofUser(session.userName(), rest), sessionId);
    }
    boolean own = session != null && session.userName().equals(destination.user());
    return new Target(destination, own ? sessionId : null);
  }
}
