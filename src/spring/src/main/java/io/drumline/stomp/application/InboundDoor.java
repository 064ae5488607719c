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
 * Keeps everybody but this node's own sessions out of the client inbound channel. What an own
 * session sends carries a reference to it, which nothing that comes over a network can contain.
 * Another STOMP endpoint in the same application, whose clients nobody has authenticated, is
 * refused here. Messages without a session are the application's own; its handlers get them, and
 * the broker does not. Thread safe.
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

  /** Looks at every message of this channel, before interceptors of the application do. */
  public void guard(AbstractSubscribableChannel clientInbound) {
    if (!clientInbound.getInterceptors().contains(this)) {
      clientInbound.addInterceptor(0, this);
    }
  }

  /**
   * @throws MessageDeliveryException if the message comes from a session that is none of ours
   */
  @Override
  public @Nullable Message<?> preSend(Message<?> message, MessageChannel channel) {
    String sessionId = SimpMessageHeaderAccessor.getSessionId(message.getHeaders());
    if (sessionId == null || sessionId.equals(ownSession(message.getHeaders()))) {
      return message;
    }
    SimpMessageType type = SimpMessageHeaderAccessor.getMessageType(message.getHeaders());
    if (type == SimpMessageType.DISCONNECT || type == SimpMessageType.HEARTBEAT) {
      return null; // wants nothing
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
   * Refuses a message that the broker would have to act upon.
   *
   * @throws MessageDeliveryException if it is one of those
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
