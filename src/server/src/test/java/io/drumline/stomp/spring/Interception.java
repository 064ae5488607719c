package io.drumline.stomp.spring;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.context.annotation.Bean;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageChannel;
import org.springframework.messaging.MessageHandler;
import org.springframework.messaging.handler.annotation.MessageMapping;
import org.springframework.messaging.handler.annotation.SendTo;
import org.springframework.messaging.simp.annotation.support.SimpAnnotationMethodMessageHandler;
import org.springframework.messaging.simp.config.ChannelRegistration;
import org.springframework.messaging.support.ExecutorChannelInterceptor;
import org.springframework.web.socket.config.annotation.WebSocketMessageBrokerConfigurer;

/** An application whose interceptor does what the test says. */
final class Interception {
  @Bean
  Interceptor interceptor() {
    return new Interceptor();
  }

  @Bean
  Calls calls() {
    return new Calls();
  }

  static final class Interceptor
      implements WebSocketMessageBrokerConfigurer, ExecutorChannelInterceptor {
    final List<String> handled = new CopyOnWriteArrayList<>();
    volatile Function<Message<?>, @Nullable Message<?>> rule = message -> message;

    @Override
    public void configureClientInboundChannel(ChannelRegistration registration) {
      registration.interceptors(this);
    }

    @Override
    public @Nullable Message<?> preSend(Message<?> message, MessageChannel channel) {
      return rule.apply(message);
    }

    @Override
    public Message<?> beforeHandle(
        Message<?> message, MessageChannel channel, MessageHandler handler) {
      note("before", message, handler);
      return message;
    }

    @Override
    public void afterMessageHandled(
        Message<?> message,
        MessageChannel channel,
        MessageHandler handler,
        @Nullable Exception failure) {
      note("after", message, handler);
    }

    private void note(String when, Message<?> message, MessageHandler handler) {
      if (handler instanceof SimpAnnotationMethodMessageHandler) {
        handled.add(
            when
                + " SimpAnnotationMethodMessageHandler "
                + new String((byte[]) message.getPayload(), UTF_8));
      }
    }
  }

  @TestController
  static class Calls {
    @MessageMapping("/echo")
    @SendTo("/topic/echoed")
    String echo(String body) {
      return body;
    }
  }
}
