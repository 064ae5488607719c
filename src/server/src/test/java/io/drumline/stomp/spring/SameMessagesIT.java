package io.drumline.stomp.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import io.drumline.testing.StompClient;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.context.annotation.Bean;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageChannel;
import org.springframework.messaging.MessageHeaders;
import org.springframework.messaging.simp.SimpMessageHeaderAccessor;
import org.springframework.messaging.simp.SimpMessageType;
import org.springframework.messaging.simp.config.ChannelRegistration;
import org.springframework.messaging.support.ChannelInterceptor;
import org.springframework.messaging.support.ExecutorSubscribableChannel;
import org.springframework.messaging.support.ImmutableMessageChannelInterceptor;
import org.springframework.messaging.support.MessageHeaderAccessor;
import org.springframework.web.socket.CloseStatus;
import org.springframework.web.socket.TextMessage;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.config.annotation.WebSocketMessageBrokerConfigurer;
import org.springframework.web.socket.messaging.StompSubProtocolHandler;

/** Interceptors see the very messages that Spring's own STOMP handler would show them. */
class SameMessagesIT {
  private static final String CONNECT = "CONNECT\naccept-version:1.2\nhost:localhost\n\n\0";

  private static SpringNode node;
  private static Seen seen;

  @BeforeAll
  static void start() {
    node = SpringNode.start(Application.class);
    seen = node.bean(Seen.class);
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CONNECT\naccept-version:1.1,1.2\nhost:localhost\nlogin:ada\npasscode:secret\n"
            + "heart-beat:1000,2000\ncolour:blue\n\n\0",
        "STOMP\naccept-version:1.2\nhost:localhost\n\n\0",
      })
  void connect(String frame) {
    assertSame(frame);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SEND\ndestination:/topic/a\n\nhello\0",
        "SEND\ndestination:/topic/a\ncontent-type:text/plain;charset=utf-8\ncontent-length:3\n\n"
            + "x\0y\0",
        "SEND\ndestination:/app/a\nreceipt:r\nx\\cy:\\n\\\\\nempty:\n\né 🥁\0",
        "SEND\ndestination:/user/ada/queue/a\nid:7\npriority:9\n\n\0",
        "SUBSCRIBE\nid:sub-0\ndestination:/topic/a\nack:client\nreceipt:r\nselector:x > 1\n\n\0",
        "SUBSCRIBE\nid:sub-0\ndestination:/user/queue/a\n\n\0",
        "SUBSCRIBE\nid:sub-0\ndestination:/app/a\n\n\0",
        "UNSUBSCRIBE\nid:sub-0\n\n\0",
        "ACK\nid:message-1\n\n\0",
        "NACK\nid:message-1\nreceipt:r\n\n\0",
        "DISCONNECT\nreceipt:bye\n\n\0",
      })
  void everythingElse(String frame) {
    assertSame(CONNECT, frame);
  }

  @Test
  void theEndOfTheSession() {
    try (SpringNode.Session session = node.session()) {
      session.client().reset();
      await().until(() -> seen.of(session.id()).size() == 2);

      Spring spring = new Spring(session.id());
      spring.handler.afterSessionEnded(spring.session, CloseStatus.NORMAL, spring.channel);
      assertSame(seen.of(session.id()).get(1), spring.messages.get(0));
    }
  }

  private static void assertSame(String... frames) {
    int before = seen.all.size();
    try (StompClient client = node.open()) {
      client.send(String.join("", frames));
      await().until(() -> seen.all.size() >= before + frames.length);
      String id = SimpMessageHeaderAccessor.getSessionId(seen.all.get(before).getHeaders());
      Spring spring = new Spring(id);
      for (String frame : frames) {
        spring.handler.handleMessageFromClient(
            spring.session, new TextMessage(frame), spring.channel);
      }

      List<Message<?>> ours = seen.of(id);
      for (int i = 0; i < frames.length; i++) {
        assertSame(ours.get(i), spring.messages.get(i));
      }
    }
    await().until(() -> seen.ended(before));
  }

  private static void assertSame(Message<?> ours, Message<?> springs) {
    assertThat((byte[]) ours.getPayload()).isEqualTo((byte[]) springs.getPayload());
    assertThat(headers(ours)).usingRecursiveComparison().isEqualTo(headers(springs));
    assertThat(MessageHeaderAccessor.getAccessor(ours))
        .hasSameClassAs(MessageHeaderAccessor.getAccessor(springs));
  }

  private static Map<String, Object> headers(Message<?> message) {
    Map<String, Object> headers = new HashMap<>(message.getHeaders());
    headers.remove(MessageHeaders.ID);
    headers.remove(MessageHeaders.TIMESTAMP);
    headers.remove("drumlineInbound"); // the one header that is ours
    headers.remove("simpUserChangeCallback");
    return headers;
  }

  /** Spring's own handler, and what it shows to interceptors. */
  private static final class Spring {
    final List<Message<?>> messages = new CopyOnWriteArrayList<>();
    final StompSubProtocolHandler handler = new StompSubProtocolHandler();
    final WebSocketSession session = mock(WebSocketSession.class);
    final ExecutorSubscribableChannel channel = new ExecutorSubscribableChannel();

    Spring(String sessionId) {
      when(session.getId()).thenReturn(sessionId);
      when(session.getAttributes()).thenReturn(new HashMap<>());
      channel.addInterceptor(
          new ChannelInterceptor() {
            @Override
            public Message<?> preSend(Message<?> message, MessageChannel target) {
              messages.add(message);
              return message;
            }
          });
      channel.addInterceptor(new ImmutableMessageChannelInterceptor());
      handler.afterSessionStarted(session, channel);
    }
  }

  static class Application {
    @Bean
    Seen seen() {
      return new Seen();
    }
  }

  /** What interceptors saw. */
  static final class Seen implements WebSocketMessageBrokerConfigurer, ChannelInterceptor {
    final List<Message<?>> all = new CopyOnWriteArrayList<>();

    @Override
    public void configureClientInboundChannel(ChannelRegistration registration) {
      registration.interceptors(this);
    }

    @Override
    public Message<?> preSend(Message<?> message, MessageChannel channel) {
      all.add(message);
      return message;
    }

    List<Message<?>> of(String sessionId) {
      return all.stream()
          .filter(
              message ->
                  sessionId.equals(SimpMessageHeaderAccessor.getSessionId(message.getHeaders())))
          .toList();
    }

    /** Whether the session that began at this place has ended, so that the next test is alone. */
    boolean ended(int from) {
      Message<?> last = all.get(all.size() - 1);
      return all.size() > from
          && SimpMessageHeaderAccessor.getMessageType(last.getHeaders())
              == SimpMessageType.DISCONNECT;
    }
  }
}
