package io.drumline.stomp;

import io.drumline.backplane.MessageIds;
import io.drumline.stomp.application.SpringHeaders;
import io.drumline.stomp.client.Client;
import io.drumline.stomp.codec.Header;
import io.drumline.stomp.codec.ReservedHeaders;
import io.drumline.stomp.codec.StompEncoder;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageDeliveryException;
import org.springframework.messaging.MessageHandler;
import org.springframework.messaging.simp.SimpMessageHeaderAccessor;
import org.springframework.messaging.simp.SimpMessageType;
import org.springframework.messaging.simp.stomp.StompHeaderAccessor;

/**
 * Sends messages that application code addresses to one session of this node through Spring's
 * outbound channel, such as the reply of an {@code @SubscribeMapping}. Broadcasts do not pass
 * through here. Any thread.
 */
final class ClientOutbound implements MessageHandler {
  private final StompSessions sessions;
  private final MessageIds ids;

  ClientOutbound(StompSessions sessions, MessageIds ids) {
    this.sessions = sessions;
    this.ids = ids;
  }

  @Override
  public void handleMessage(Message<?> message) {
    String sessionId = SimpMessageHeaderAccessor.getSessionId(message.getHeaders());
    Client client = sessionId == null ? null : sessions.find(sessionId);
    SimpMessageType type = SimpMessageHeaderAccessor.getMessageType(message.getHeaders());
    if (client == null
        || type != SimpMessageType.MESSAGE
        || !(message.getPayload() instanceof byte[] body)) {
      return;
    }
    StompHeaderAccessor accessor = StompHeaderAccessor.wrap(message);
    String subscription = accessor.getSubscriptionId();
    String destination = original(accessor);
    if (subscription == null || destination == null) {
      return;
    }
    byte[] block = StompEncoder.headerBlock(passedOn(accessor, message));
    client.onLoop(() -> client.reply(subscription, ids.next(), destination, block, body));
  }

  private static List<Header> passedOn(StompHeaderAccessor accessor, Message<?> message) {
    try {
      return ReservedHeaders.passedOn(SpringHeaders.published(accessor));
    } catch (IllegalArgumentException refused) {
      throw new MessageDeliveryException(message, String.valueOf(refused.getMessage()), refused);
    }
  }

  private static @Nullable String original(StompHeaderAccessor accessor) {
    String original = accessor.getFirstNativeHeader(SimpMessageHeaderAccessor.ORIGINAL_DESTINATION);
    return original != null ? original : accessor.getDestination();
  }
}
