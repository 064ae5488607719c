package io.drumline.stomp.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.drumline.testing.StompClient;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.Bean;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageChannel;
import org.springframework.messaging.simp.SimpMessageHeaderAccessor;
import org.springframework.messaging.simp.SimpMessageType;
import org.springframework.messaging.simp.config.ChannelRegistration;
import org.springframework.messaging.support.ChannelInterceptor;
import org.springframework.web.socket.config.annotation.WebSocketMessageBrokerConfigurer;

/** All frames pass through Spring's inbound channel. */
class InterceptedWebSocketScopeIT extends WebSocketScopeContract {
  @Override
  Class<?>[] application() {
    return new Class<?>[] {Interception.class};
  }

  @Test
  void theBeanIsDestroyedThoughAnInterceptorFailsOnTheEnd() {
    try (StompClient client = node().client("fail:at-end")) {
      client.subscribe("s", "/topic/a");
    }

    await().until(() -> !destroyed().isEmpty());
    assertThat(destroyed().get(0)).endsWith("disconnect");
  }

  static class Interception {
    @Bean
    Interceptor interceptor() {
      return new Interceptor();
    }
  }

  /** Fails on the end of the sessions that ask for it when they connect. */
  static final class Interceptor implements WebSocketMessageBrokerConfigurer, ChannelInterceptor {
    @Override
    public void configureClientInboundChannel(ChannelRegistration registration) {
      registration.interceptors(this);
    }

    @Override
    public @Nullable Message<?> preSend(Message<?> message, MessageChannel channel) {
      SimpMessageHeaderAccessor accessor = SimpMessageHeaderAccessor.wrap(message);
      if (accessor.getFirstNativeHeader("fail") != null) {
        accessor.getSessionAttributes().put("fail", true);
      }
      if (accessor.getMessageType() == SimpMessageType.DISCONNECT
          && accessor.getSessionAttributes().containsKey("fail")) {
        throw new IllegalStateException("This test's own failure, to be seen in the log.");
      }
      return message;
    }
  }
}
