package io.drumline.stomp.spring;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.drumline.backplane.Revocations;
import io.drumline.backplane.Revocations.Kind;
import io.drumline.backplane.Revocations.Subject;
import io.drumline.stomp.Expulsions;
import io.drumline.testing.StompClient;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.context.annotation.Bean;
import org.springframework.messaging.handler.annotation.MessageMapping;
import org.springframework.web.socket.messaging.SessionConnectEvent;
import org.springframework.web.socket.messaging.SessionDisconnectEvent;

/** Application code and those who are blocked or kicked. */
class ExpulsionIT {
  private static final int REVOKED = 4011;
  private static final int KICKED = 4012;

  private static SpringNode node;
  private static Expulsions expulsions;

  @BeforeAll
  static void start() {
    node = SpringNode.start(Application.class);
    expulsions = node.bean(Expulsions.class);
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  @Test
  void theApplicationSeesNothingMoreOfWhoIsKicked() throws Exception {
    Calls calls = node.bean(Calls.class);
    Gate gate = node.bean(Gate.class);
    try (SpringNode.Session session = node.session()) {
      session.client().publish("/app/block", "seen");
      gate.awaitEntered(1);
      session.client().publish("/app/block", "not seen");
      session.client().publish("/topic/a", "", "receipt:served"); // so what is before it has come
      join(expulsions.kick(new Subject(Kind.SESSION, session.id()), ""));

      session.client().expectErrorAndClose("message:You were disconnected.");
      gate.open(2);

      SessionEvents events = node.bean(SessionEvents.class);
      await().until(() -> !events.of(session.id(), SessionDisconnectEvent.class).isEmpty());
      assertThat(calls.bodies).containsExactly("seen");
      assertThat(events.of(session.id(), SessionDisconnectEvent.class).get(0).getCloseStatus())
          .extracting(status -> status.getCode())
          .isEqualTo(KICKED);
    }
  }

  /** By what the interceptor calls the user. */
  @ParameterizedTest
  @ValueSource(strings = {"plain:", "alias:"})
  void aUserWhomAnInterceptorNamedCanBeBlocked(String header) {
    String name = "bob" + header.length() + header.charAt(0);
    Subject user = new Subject(Kind.USER, name);
    try (StompClient client = node.client("login:" + name, header);
        StompClient other = node.client("login:other", header)) {
      join(expulsions.block(user, Duration.ofHours(1), "Enough."));
      assertThat(client.expect("ERROR").header("message")).isEqualTo("You are blocked. Enough.");
      assertThat(client.expectClose()).isEqualTo(REVOKED);
      other.publishConfirmed("/topic/a", "still here");
    }
    try (StompClient again = node.open()) {
      again.send("CONNECT\naccept-version:1.2\nhost:h\nlogin:" + name + "\n" + header + "\n\n\0");
      assertThat(again.expect("ERROR").header("message")).isEqualTo("You are blocked. Enough.");
      assertThat(again.expectClose()).isEqualTo(REVOKED);
    }
    join(node.bean(Revocations.class).lift(user));
    node.client("login:" + name, header).close();
  }

  @Test
  void theApplicationHearsNothingOfAClientIdThatIsBlocked() {
    Subject session = new Subject(Kind.SESSION, "blocked-one");
    join(expulsions.block(session, Duration.ofHours(1), ""));
    try (StompClient client = node.open()) {
      client.send("CONNECT\naccept-version:1.2\nhost:blocked-host\nclient-id:blocked-one\n\n\0");
      client.expectErrorAndClose("message:This session is blocked.");
    }
    try (StompClient other = node.client("client-id:other-one")) {
      other.publishConfirmed("/topic/a", "x");
      SessionEvents events = node.bean(SessionEvents.class);
      await().until(() -> !events.sessionsOf("localhost").isEmpty());
      assertThat(events.sessionsOf("blocked-host")).isEmpty();
      assertThat(events.sessions())
          .allMatch(id -> !events.of(id, SessionConnectEvent.class).isEmpty());
    }
  }

  private static <T> T join(CompletionStage<T> stage) {
    return stage.toCompletableFuture().orTimeout(10, SECONDS).join();
  }

  /** What the application is made of. */
  static class Application {
    @Bean
    Login login() {
      return new Login();
    }

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
    private final List<String> bodies = new CopyOnWriteArrayList<>();
    private final Gate gate;

    Calls(Gate gate) {
      this.gate = gate;
    }

    @MessageMapping("/block")
    void block(String body) throws InterruptedException {
      bodies.add(body);
      gate.pass();
    }
  }
}
