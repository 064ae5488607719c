package io.drumline.stomp.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drumline.security.TokenMaker;
import io.drumline.testing.StompClient;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.Bean;
import org.springframework.core.annotation.Order;
import org.springframework.messaging.SubscribableChannel;
import org.springframework.messaging.handler.annotation.MessageMapping;
import org.springframework.messaging.simp.SimpMessageHeaderAccessor;
import org.springframework.messaging.simp.SimpMessageType;
import org.springframework.messaging.simp.SimpMessagingTemplate;
import org.springframework.messaging.support.MessageBuilder;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.web.HttpRequestHandler;
import org.springframework.web.servlet.handler.SimpleUrlHandlerMapping;
import org.springframework.web.socket.config.annotation.EnableWebSocketMessageBroker;
import org.springframework.web.socket.config.annotation.StompEndpointRegistry;
import org.springframework.web.socket.config.annotation.WebSocketMessageBrokerConfigurer;
import org.springframework.web.socket.messaging.StompSubProtocolHandler;
import org.springframework.web.socket.messaging.SubProtocolWebSocketHandler;
import org.springframework.web.socket.server.support.WebSocketHttpRequestHandler;

/** An application with a STOMP endpoint of its own on Tomcat, whose clients show no token. */
class ForeignEndpointIT {
  private static final String PATH = "/side-door";

  @Test
  void theStartFailsWithOneSentenceWhereSpringsOwnEndpointIsKept() {
    assertThatThrownBy(
            () ->
                SpringNode.start(
                    List.of("spring.main.allow-bean-definition-overriding=true"), Annotated.class))
        .hasMessageContaining("The application has a STOMP endpoint of its own (bean ")
        .hasMessageContaining("path /annotated")
        .hasMessageContaining("remove @EnableWebSocketMessageBroker");
  }

  @Test
  void theStartFailsWhereAMappingLeadsToOne() {
    assertThatThrownBy(() -> SpringNode.start(Mapped.class))
        .hasMessageContaining("(path " + PATH + ")");
  }

  @Test
  void whatComesByAnotherDoorIsRefusedAndCounted() throws Exception {
    try (SpringNode node =
            SpringNode.start(
                List.of(
                    "drumline.security.jwt.secret=" + TokenMaker.SECRET,
                    "drumline.security.anonymous=false"),
                Hidden.class);
        StompClient ann =
            node.client("Authorization:Bearer " + TokenMaker.hmac(TokenMaker.ann()))) {
      ann.subscribe("s", "/user/queue/x");
      URI door = URI.create("ws://127.0.0.1:" + node.property("local.server.port") + PATH);

      for (String frame :
          List.of(
              "SEND\ndestination:/user/ann/queue/x\n\nforged\0",
              "SEND\ndestination:/app/echo\n\nforged\0",
              "CONNECT\naccept-version:1.2\nhost:localhost\n\n\0",
              "SUBSCRIBE\nid:1\ndestination:/topic/a\n\n\0")) {
        BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        WebSocket stranger =
            HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .subprotocols("v12.stomp")
                .buildAsync(door, new Listener(heard))
                .get(10, TimeUnit.SECONDS);
        stranger.sendText(frame, true).get(10, TimeUnit.SECONDS);
        String answer = heard.poll(10, TimeUnit.SECONDS);
        assertThat(answer).as(frame).startsWith("ERROR");
        stranger.abort();
      }
      assertThat(refused(node)).as("of the CONNECT; Spring refuses others before one").isEqualTo(1);
      SubscribableChannel inbound = node.bean("clientInboundChannel", SubscribableChannel.class);
      for (SimpMessageType type : List.of(SimpMessageType.MESSAGE, SimpMessageType.SUBSCRIBE)) {
        SimpMessageHeaderAccessor forged = SimpMessageHeaderAccessor.create(type);
        forged.setSessionId("a-session-of-another-door");
        forged.setDestination("/user/ann/queue/x");
        assertThatThrownBy(
                () ->
                    inbound.send(
                        MessageBuilder.createMessage(new byte[1], forged.getMessageHeaders())))
            .hasMessageContaining("Clients are served on drumline.listener.port only");
      }
      assertThat(refused(node)).isEqualTo(3);

      node.bean(SimpMessagingTemplate.class).convertAndSendToUser("ann", "/queue/x", "next");
      ann.expectMessage("next"); // and nothing before it
      assertThat(Calls.called).isFalse();
    }
  }

  private static double refused(SpringNode node) {
    return node.bean(MeterRegistry.class).get("drumline.inbound.foreign").counter().count();
  }

  private record Listener(BlockingQueue<String> heard) implements WebSocket.Listener {
    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
      heard.add(text.toString());
      socket.request(1);
      return CompletableFuture.completedStage(null);
    }
  }

  /** As Spring's reference tells. */
  @EnableWebSocketMessageBroker
  static class Annotated implements WebSocketMessageBrokerConfigurer {
    @Override
    public void registerStompEndpoints(StompEndpointRegistry registry) {
      registry.addEndpoint("/annotated");
    }
  }

  /** By hand, and no bean. */
  static class Mapped {
    @Bean
    SimpleUrlHandlerMapping mapping(
        SubscribableChannel clientInboundChannel, SubscribableChannel clientOutboundChannel) {
      return new SimpleUrlHandlerMapping(
          Map.of(PATH, endpoint(clientInboundChannel, clientOutboundChannel)), -1);
    }
  }

  /** By hand, and behind something that nobody can look into. */
  static class Hidden {
    @Bean
    SimpleUrlHandlerMapping mapping(
        SubscribableChannel clientInboundChannel, SubscribableChannel clientOutboundChannel) {
      WebSocketHttpRequestHandler endpoint = endpoint(clientInboundChannel, clientOutboundChannel);
      HttpRequestHandler hidden = (request, response) -> endpoint.handleRequest(request, response);
      return new SimpleUrlHandlerMapping(Map.of(PATH, hidden), -1);
    }

    @Bean
    @Order(-1000)
    SecurityFilterChain open(HttpSecurity http) throws Exception {
      return http.securityMatcher(PATH)
          .authorizeHttpRequests(all -> all.anyRequest().permitAll())
          .build();
    }

    @Bean
    Calls calls() {
      return new Calls();
    }
  }

  @TestController
  static class Calls {
    static volatile boolean called;

    @MessageMapping("/echo")
    void echo(String body) {
      called = true;
    }
  }

  private static WebSocketHttpRequestHandler endpoint(
      SubscribableChannel clientInbound, SubscribableChannel clientOutbound) {
    SubProtocolWebSocketHandler handler =
        new SubProtocolWebSocketHandler(clientInbound, clientOutbound);
    handler.addProtocolHandler(new StompSubProtocolHandler());
    handler.start();
    return new WebSocketHttpRequestHandler(handler);
  }
}
