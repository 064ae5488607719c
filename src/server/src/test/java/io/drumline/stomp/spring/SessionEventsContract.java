package io.drumline.stomp.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.drumline.hub.Hub;
import io.drumline.testing.RawWebSocket;
import io.drumline.testing.StompClient;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.springframework.context.annotation.Bean;
import org.springframework.messaging.MessageHeaders;
import org.springframework.messaging.handler.annotation.MessageMapping;
import org.springframework.messaging.simp.SimpMessageHeaderAccessor;
import org.springframework.messaging.simp.annotation.SubscribeMapping;
import org.springframework.messaging.simp.stomp.StompCommand;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.web.socket.messaging.AbstractSubProtocolEvent;
import org.springframework.web.socket.messaging.SessionConnectEvent;
import org.springframework.web.socket.messaging.SessionConnectedEvent;
import org.springframework.web.socket.messaging.SessionDisconnectEvent;
import org.springframework.web.socket.messaging.SessionSubscribeEvent;
import org.springframework.web.socket.messaging.SessionUnsubscribeEvent;

/** The events of a session, the same whether or not the application intercepts its messages. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class SessionEventsContract {
  private SpringNode node;
  private SessionEvents events;

  /** The application of this kind, beside {@link Application}. */
  abstract Class<?>[] application();

  @BeforeAll
  void start() {
    List<Class<?>> classes = new ArrayList<>(List.of(application()));
    classes.add(Application.class);
    node = SpringNode.start(classes.toArray(Class<?>[]::new));
    events = node.bean(SessionEvents.class);
  }

  @AfterAll
  void stop() {
    node.close();
  }

  SpringNode node() {
    return node;
  }

  SessionEvents events() {
    return events;
  }

  @Test
  void tellsOfConnectAndThenConnected() {
    try (SpringNode.Session session = node.session("colour:blue")) {
      awaitEvents(session.id(), SessionConnectEvent.class, SessionConnectedEvent.class);

      MessageHeaders connect = events.of(session.id()).get(0).getMessage().getHeaders();
      assertThat(SimpMessageHeaderAccessor.getFirstNativeHeader("colour", connect))
          .isEqualTo("blue");
      assertThat(command(connect)).isEqualTo(StompCommand.CONNECT);
      assertThat(command(events.of(session.id()).get(1).getMessage().getHeaders()))
          .isEqualTo(StompCommand.CONNECTED);
    }
  }

  @Test
  void tellsOfSubscribeAndUnsubscribe() {
    try (SpringNode.Session session = node.session()) {
      session.client().subscribe("sub-1", "/topic/a", "colour:blue");
      session.client().confirmed("UNSUBSCRIBE", "id:sub-1");

      awaitEvents(
          session.id(),
          SessionConnectEvent.class,
          SessionConnectedEvent.class,
          SessionSubscribeEvent.class,
          SessionUnsubscribeEvent.class);
      MessageHeaders subscribe = events.of(session.id()).get(2).getMessage().getHeaders();
      assertThat(SimpMessageHeaderAccessor.getSubscriptionId(subscribe)).isEqualTo("sub-1");
      assertThat(SimpMessageHeaderAccessor.getDestination(subscribe)).isEqualTo("/topic/a");
      assertThat(SimpMessageHeaderAccessor.getFirstNativeHeader("colour", subscribe))
          .isEqualTo("blue");
      MessageHeaders unsubscribe = events.of(session.id()).get(3).getMessage().getHeaders();
      assertThat(SimpMessageHeaderAccessor.getSubscriptionId(unsubscribe)).isEqualTo("sub-1");
    }
  }

  @Test
  void noHeaderHidesAClientFromThoseWhoListen() {
    try (SpringNode.Session session = node.session("content-type:none", "heart-beat:0, 0")) {
      session.client().subscribe("sub-1", "/topic/a", "content-type:none", "heart-beat:x");
      session.client().confirmed("UNSUBSCRIBE", "id:sub-1", "content-type:none", "heart-beat:,");

      awaitEvents(
          session.id(),
          SessionConnectEvent.class,
          SessionConnectedEvent.class,
          SessionSubscribeEvent.class,
          SessionUnsubscribeEvent.class);
    }
  }

  @Test
  void saysWhatIsWrongWithAContentType() {
    try (StompClient client = node.client()) {
      client.publish("/app/nothing", "x", "content-type:none");
      assertThat(client.expect("ERROR").header("message")).contains("none");
      client.expectClose();
    }
  }

  @Test
  void tellsOfSubscriptionsToTheApplication() {
    try (SpringNode.Session session = node.session()) {
      session.client().subscribe("sub-1", "/app/quiet");
      session.client().subscribe("sub-2", "/user/queue/x");

      await().until(() -> events.of(session.id(), SessionSubscribeEvent.class).size() == 2);
      assertThat(events.of(session.id(), SessionSubscribeEvent.class))
          .extracting(
              event -> SimpMessageHeaderAccessor.getDestination(event.getMessage().getHeaders()))
          .containsExactly("/app/quiet", "/user/queue/x");
    }
  }

  @Test
  void tellsOnceOfAClientThatDisconnects() {
    try (SpringNode.Session session = node.session()) {
      session.client().confirmed("DISCONNECT");
      session.client().expectClose();

      assertThat(disconnect(session.id()).getCloseStatus().getCode()).isEqualTo(1000);
    }
  }

  @Test
  void tellsOnceOfASocketThatEnds() {
    try (SpringNode.Session session = node.session()) {
      session.client().reset();

      assertThat(disconnect(session.id()).getCloseStatus().getCode()).isEqualTo(1006);
    }
  }

  @Test
  void tellsTheCodeThatTheClientClosedWith() {
    try (SpringNode.Session session = node.session()) {
      session
          .client()
          .frame(
              RawWebSocket.FIN | RawWebSocket.CLOSE, new byte[] {(byte) (3456 >> 8), (byte) 3456});

      assertThat(disconnect(session.id()).getCloseStatus().getCode()).isEqualTo(3456);
    }
  }

  @Test
  void tellsTheCodeThatTheServerClosedWith() {
    try (SpringNode.Session session = node.session()) {
      session.client().publish("/elsewhere", "");
      session.client().expectErrorAndClose();

      assertThat(disconnect(session.id()).getCloseStatus().getCode()).isEqualTo(1002);
    }
  }

  @Test
  void tellsOfASessionThatEndsBeforeTheApplicationHasHeardOfIt() throws Exception {
    Gate gate = node.bean(Gate.class);
    int threads =
        node.bean("clientInboundChannelExecutor", ThreadPoolTaskExecutor.class).getCorePoolSize();
    List<StompClient> blockers = new ArrayList<>();
    try {
      for (int i = 0; i < threads; i++) {
        StompClient blocker = node.client();
        blocker.publish("/app/block", "");
        blockers.add(blocker);
      }
      gate.awaitEntered(threads);
      Hub hub = node.bean(Hub.class);
      int connections = hub.connectionCount();
      StompClient hasty = node.open();
      hasty.send("CONNECT\naccept-version:1.2\nhost:hasty\n\n\0");
      await().until(() -> hub.connectionCount() == connections + 1);
      hasty.close();
      await().until(() -> hub.connectionCount() == connections);
    } finally {
      gate.open(threads);
      blockers.forEach(StompClient::close);
    }

    await().until(() -> !events.sessionsOf("hasty").isEmpty());
    String id = events.sessionsOf("hasty").get(0);
    assertThat(disconnect(id).getCloseStatus().getCode()).isEqualTo(1006);
  }

  @Test
  void tellsNothingOfASocketThatNeverConnects() {
    try (StompClient client = node.open()) {
      client.command("SEND", "destination:/topic/a");
      client.expectErrorAndClose();
    }
    try (SpringNode.Session next = node.session()) {
      awaitEvents(next.id(), SessionConnectEvent.class, SessionConnectedEvent.class);
    }

    assertThat(events.sessions())
        .allMatch(id -> !events.of(id, SessionConnectEvent.class).isEmpty());
  }

  final void awaitEvents(String sessionId, Class<?>... types) {
    await()
        .untilAsserted(
            () ->
                assertThat(events.of(sessionId))
                    .extracting(AbstractSubProtocolEvent::getClass)
                    .isEqualTo(List.of(types)));
  }

  private SessionDisconnectEvent disconnect(String sessionId) {
    await().until(() -> !events.of(sessionId, SessionDisconnectEvent.class).isEmpty());
    List<AbstractSubProtocolEvent> all = events.of(sessionId);
    assertThat(all.get(all.size() - 1)).isInstanceOf(SessionDisconnectEvent.class);
    assertThat(events.of(sessionId, SessionDisconnectEvent.class)).hasSize(1);
    SessionDisconnectEvent event = events.of(sessionId, SessionDisconnectEvent.class).get(0);
    assertThat(event.getSessionId()).isEqualTo(sessionId);
    return event;
  }

  private static StompCommand command(MessageHeaders headers) {
    return (StompCommand) headers.get("stompCommand");
  }

  /** What the application is made of. */
  static class Application {
    @Bean
    SessionEvents sessionEvents() {
      return new SessionEvents();
    }

    @Bean
    Gate gate() {
      return new Gate();
    }

    @Bean
    Calls calls(Gate gate) {
      return new Calls(gate);
    }
  }

  @TestController
  static class Calls {
    private final Gate gate;

    Calls(Gate gate) {
      this.gate = gate;
    }

    @SubscribeMapping("/quiet")
    void quiet() {
      // has nothing to answer
    }

    @MessageMapping("/block")
    void block() throws InterruptedException {
      gate.pass();
    }
  }
}
