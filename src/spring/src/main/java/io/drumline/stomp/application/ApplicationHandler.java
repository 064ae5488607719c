package io.drumline.stomp.application;

import java.util.Set;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageChannel;
import org.springframework.messaging.SubscribableChannel;
import org.springframework.messaging.simp.SimpMessageHeaderAccessor;
import org.springframework.messaging.simp.SimpMessageMappingInfo;
import org.springframework.messaging.simp.SimpMessageSendingOperations;
import org.springframework.web.socket.messaging.WebSocketAnnotationMethodMessageHandler;

/**
 * Spring's handler for {@code @MessageMapping} and {@code @SubscribeMapping}, which also records
 * messages that no method is mapped to: Spring itself drops them silently.
 */
public final class ApplicationHandler extends WebSocketAnnotationMethodMessageHandler {
  public ApplicationHandler(
      SubscribableChannel clientInbound,
      MessageChannel clientOutbound,
      SimpMessageSendingOperations brokerTemplate) {
    super(clientInbound, clientOutbound, brokerTemplate);
  }

  @Override
  protected void handleNoMatch(
      Set<SimpMessageMappingInfo> mappings, String lookupDestination, Message<?> message) {
    if (message.getHeaders().get(Inbound.HEADER) instanceof Inbound inbound) {
      inbound.unmapped = SimpMessageHeaderAccessor.getDestination(message.getHeaders());
    }
    super.handleNoMatch(mappings, lookupDestination, message);
  }
}
