package io.drumline.stomp.spring;

import java.security.Principal;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageChannel;
import org.springframework.messaging.simp.config.ChannelRegistration;
import org.springframework.messaging.simp.stomp.StompCommand;
import org.springframework.messaging.simp.stomp.StompHeaderAccessor;
import org.springframework.messaging.simp.user.DestinationUserNameProvider;
import org.springframework.messaging.support.ChannelInterceptor;
import org.springframework.messaging.support.MessageHeaderAccessor;
import org.springframework.web.socket.config.annotation.WebSocketMessageBrokerConfigurer;

/** Names a session's user by the login header, the way that applications do. */
final class Login implements WebSocketMessageBrokerConfigurer, ChannelInterceptor {
  /** A user whose sessions go by another name than the user. */
  static final String ALIAS = "alias-of-";

  record User(String name) implements Principal {
    @Override
    public String getName() {
      return name;
    }
  }

  record Alias(String name) implements Principal, DestinationUserNameProvider {
    @Override
    public String getName() {
      return name;
    }

    @Override
    public String getDestinationUserName() {
      return ALIAS + name;
    }
  }

  @Override
  public void configureClientInboundChannel(ChannelRegistration registration) {
    registration.interceptors(this);
  }

  @Override
  public Message<?> preSend(Message<?> message, MessageChannel channel) {
    StompHeaderAccessor accessor =
        MessageHeaderAccessor.getAccessor(message, StompHeaderAccessor.class);
    if (accessor != null && accessor.getCommand() == StompCommand.CONNECT) {
      String login = accessor.getLogin();
      if (login != null) {
        accessor.setUser(
            accessor.containsNativeHeader("alias") ? new Alias(login) : new User(login));
      }
    }
    return message;
  }
}
