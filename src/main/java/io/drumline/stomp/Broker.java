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
      inbound.session.onLoop(() -> inbound.session.serve(frame, inbound.slot));
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
    Destination destination;
    try {
      destination = Destination.of(text);
    } catch (IllegalArgumentException invalid) {
      throw new MessageDeliveryException(
          message, invalid.getMessage() + " (" + text + ")", invalid);
    }
    List<Header> headers =
        SpringHeaders.list(StompHeaderAccessor.wrap(message).toNativeHeaderMap());
    CompletableFuture<@Nullable Throwable> failure =
        publisher
            .publish(destination, headers, body, null, targetSession(destination, message))
            .<@Nullable Throwable>handle((id, error) -> error)
            .toCompletableFuture();
    Throwable refusedAtOnce = failure.getNow(null);
    if (refusedAtOnce != null) {
      throw new MessageDeliveryException(
          message, StompSessions.notAccepted(refusedAtOnce).getMessage(), refusedAtOnce);
    }
    failure.thenAccept(
        error -> {
          if (error != null) {
            log.warn(
                "A message of the application to {} was not accepted: {}",
                destination,
                error.getMessage());
          }
        });
  }

  /**
   * As in Spring: a message to a user that comes with a session of that same user, as from
   * {@code @SendToUser(broadcast = false)}, is for that session alone.
   */
  private @Nullable String targetSession(Destination destination, Message<?> message) {
    String sessionId = SimpMessageHeaderAccessor.getSessionId(message.getHeaders());
    if (sessionId == null || destination.kind() != Destination.Kind.USER) {
      return null;
    }
    StompSession session = sessions.find(sessionId);
    return session != null && session.userName().equals(destination.user()) ? sessionId : null;
  }
}
