package io.drumline.stomp.application;

import io.drumline.loop.ThrottledLog;
import io.drumline.stomp.client.Client;
import io.drumline.stomp.codec.Sentences;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageChannel;
import org.springframework.messaging.MessageDeliveryException;
import org.springframework.messaging.MessageHeaders;
import org.springframework.messaging.simp.SimpMessageHeaderAccessor;
import org.springframework.messaging.simp.SimpMessageType;
import org.springframework.messaging.support.AbstractSubscribableChannel;
import org.springframework.messaging.support.ChannelInterceptor;

/**
 * Rejects messages on the client inbound channel that are not from a session of this node. A
 * session's messages carry a reference to it, which cannot arrive over a network. Messages of
 * another STOMP endpoint in the same application, whose clients are not authenticated, are rejected
 * here. Messages without a session are the application's own: its handlers receive them, the broker
 * does not. Thread-safe.
 */
public final class InboundDoor implements ChannelInterceptor {
  private final ThrottledLog log = new ThrottledLog(LoggerFactory.getLogger(InboundDoor.class));
  private final Counter refused;

  public InboundDoor(MeterRegistry registry) {
    refused =
        Counter.builder("drumline.inbound.foreign")
            .description("Messages on the client inbound channel that were of no session of ours")
            .register(registry);
  }

  /** Checks every message of this channel, before interceptors of the application. */
  public void guard(AbstractSubscribableChannel clientInbound) {
    if (!clientInbound.getInterceptors().contains(this)) {
      clientInbound.addInterceptor(0, this);
    }
  }

  /**
   * @throws MessageDeliveryException if the message is from a session that is not of this node
   */
  @Override
  public @Nullable Message<?> preSend(Message<?> message, MessageChannel channel) {
    String sessionId = SimpMessageHeaderAccessor.getSessionId(message.getHeaders());
    if (sessionId == null || sessionId.equals(ownSession(message.getHeaders()))) {
      return message;
    }
    SimpMessageType type = SimpMessageHeaderAccessor.getMessageType(message.getHeaders());
    if (type == SimpMessageType.DISCONNECT || type == SimpMessageType.HEARTBEAT) {
      return null; // requires no action
    }
    throw refuse(message);
  }

  private static @Nullable String ownSession(MessageHeaders headers) {
    Object own = headers.get(Inbound.HEADER);
    if (own instanceof Inbound inbound) {
      return inbound.client.id();
    }
    return own instanceof Client client ? client.id() : null;
  }

  /**
   * Rejects a message that would require action by the broker.
   *
   * @throws MessageDeliveryException if it would
   */
  public void refuseForBroker(Message<?> message) {
    SimpMessageType type = SimpMessageHeaderAccessor.getMessageType(message.getHeaders());
    if (type == SimpMessageType.MESSAGE || type == SimpMessageType.SUBSCRIBE) {
      throw refuse(message);
    }
  }

  private MessageDeliveryException refuse(Message<?> message) {
    refused.increment();
    String destination = SimpMessageHeaderAccessor.getDestination(message.getHeaders());
    log.warn(
        "foreign",
        "A message to {} reached clientInboundChannel, but came from no session of this node;"
            + " it was refused. Remove other STOMP endpoints from the application, and publish by"
            + " SimpMessagingTemplate",
        destination == null ? "no destination" : Sentences.shorten(destination));
    return new MessageDeliveryException(
        message, "Clients are served on drumline.listener.port only: the message was refused.");
  }
}
