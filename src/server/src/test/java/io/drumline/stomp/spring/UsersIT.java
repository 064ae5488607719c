package io.drumline.stomp.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.drumline.testing.StompClient;
import java.security.Principal;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.context.annotation.Bean;
import org.springframework.messaging.handler.annotation.MessageMapping;
import org.springframework.messaging.simp.SimpMessageHeaderAccessor;
import org.springframework.messaging.simp.SimpMessageType;
import org.springframework.messaging.simp.SimpMessagingTemplate;
import org.springframework.messaging.simp.annotation.SendToUser;
import org.springframework.messaging.simp.user.SimpSession;
import org.springframework.messaging.simp.user.SimpSubscription;
import org.springframework.messaging.simp.user.SimpUser;
import org.springframework.messaging.simp.user.SimpUserRegistry;

/** Users: who they are, what is sent to them, and what the application knows of them. */
class UsersIT {
  private static SpringNode node;
  private static SimpMessagingTemplate template;
  private static SimpUserRegistry registry;

  @BeforeAll
  static void start() {
    node = SpringNode.start(Application.class);
    template = node.bean(SimpMessagingTemplate.class);
    registry = node.bean(SimpUserRegistry.class);
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  @Test
  void aMethodGetsThePrincipal() {
    try (StompClient ada = node.client("login:ada")) {
      ada.subscribe("s", "/topic/who");

      ada.publish("/app/who", "");

      ada.expectMessage("ada");
    }
  }

  @Test
  void connectedTellsTheUserName() {
    try (StompClient client = node.open()) {
      client.send("CONNECT\naccept-version:1.2\nlogin:ada\n\n\0");

      client.expect("CONNECTED", "user-name:ada");
    }
  }

  @Test
  void aClientIdIsTheUsersOwn() {
    try (StompClient ada = node.client("login:ada", "client-id:phone");
        StompClient bob = node.open();
        StompClient nobody = node.open()) {
      bob.send("CONNECT\naccept-version:1.2\nlogin:bob\nclient-id:phone\n\n\0");
      assertThat(bob.expectErrorAndClose().header("message"))
          .isEqualTo("The client-id is another user's.");
      nobody.send("CONNECT\naccept-version:1.2\nclient-id:phone\n\n\0");
      nobody.expectErrorAndClose();

      ada.confirmed("BEGIN", "transaction:t");
      try (StompClient again = node.open()) {
        again.send("CONNECT\naccept-version:1.2\nlogin:ada\nclient-id:phone\n\n\0");
        again.expect("CONNECTED", "session-resumed:true");
        assertThat(ada.expectClose()).isEqualTo(4005);
      }
    }
  }

  @Test
  void sendToUserReachesAllSessionsOfTheUserAndNoOther() {
    try (StompClient asking = node.client("login:bea");
        StompClient second = node.client("login:bea");
        StompClient other = node.client("login:carl")) {
      asking.subscribe("s", "/user/queue/answers");
      second.subscribe("s", "/user/queue/answers");
      other.subscribe("s", "/user/queue/answers");

      asking.publish("/app/ask-all", "?");

      assertThat(asking.expectMessage("to all: ?").header("destination"))
          .isEqualTo("/user/queue/answers");
      second.expectMessage("to all: ?");
      reachesNext(other, "carl");
    }
  }

  @Test
  void sendToUserWithoutBroadcastReachesOnlyTheAskingSession() {
    try (StompClient asking = node.client("login:dora");
        StompClient second = node.client("login:dora")) {
      asking.subscribe("s", "/user/queue/answers");
      second.subscribe("s", "/user/queue/answers");

      asking.publish("/app/ask-me", "?");

      asking.expectMessage("to me: ?");
      reachesNext(second, "dora");
    }
  }

  @Test
  void sendToUserReachesAnAnonymousSessionAlone() {
    try (StompClient asking = node.client();
        StompClient other = node.client()) {
      asking.subscribe("s", "/user/queue/answers");
      other.subscribe("s", "/user/queue/answers");

      asking.publish("/app/ask-all", "?");
      asking.expectMessage("to all: ?");

      other.publish("/app/ask-me", "mine");
      other.expectMessage("to me: mine"); // and not the other's before it
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"emil", "a/b", "/", "100%", "%25", "é 🥁", "with space", "user@example"})
  void theTemplateReachesAUserOfAnyName(String name) {
    try (StompClient client = node.client("login:" + name);
        StompClient other = node.client("login:other")) {
      client.subscribe("s", "/user/queue/notes");
      other.subscribe("s", "/user/queue/notes");

      template.convertAndSendToUser(name, "/queue/notes", "note");

      assertThat(client.expectMessage("note").header("destination")).isEqualTo("/user/queue/notes");
      template.convertAndSendToUser("other", "/queue/notes", "for other");
      other.expectMessage("for other");
    }
  }

  @Test
  void theTemplateReachesOneSessionOfAUserByTheHeader() {
    try (SpringNode.Session one = node.session("login:fay");
        SpringNode.Session two = node.session("login:fay")) {
      one.client().subscribe("s", "/user/queue/answers");
      two.client().subscribe("s", "/user/queue/answers");

      template.convertAndSendToUser("fay", "/queue/answers", "one", sessionHeader(one.id()));

      one.client().expectMessage("one");
      reachesNext(two.client(), "fay");
    }
  }

  @Test
  void theTemplateReachesASessionByItsIdInPlaceOfTheUser() {
    try (SpringNode.Session anonymous = node.session();
        SpringNode.Session named = node.session("login:gus")) {
      for (SpringNode.Session session : new SpringNode.Session[] {anonymous, named}) {
        session.client().subscribe("s", "/user/queue/answers");

        template.convertAndSendToUser(
            session.id(), "/queue/answers", "by id", sessionHeader(session.id()));

        session.client().expectMessage("by id");
      }
    }
  }

  @Test
  void aClientReachesAnotherUser() {
    try (StompClient client = node.client("login:hal");
        StompClient other = node.client("login:i/da")) {
      other.subscribe("s", "/user/queue/notes");

      client.publishConfirmed("/user/i%2Fda/queue/notes", "hello");

      other.expectMessage("hello");
    }
  }

  @Test
  void aSendThatNamesNoUserIsRefused() {
    try (StompClient client = node.client("login:hal")) {
      client.publish("/user/queue/notes", "hello");

      assertThat(client.expectErrorAndClose().header("message"))
          .isEqualTo(
              "The destination /user/queue/notes names no user: write /user/<name>/queue/notes.");
    }
  }

  @Test
  void aUserMayGoByAnotherName() {
    try (StompClient client = node.client("login:jo", "alias:yes")) {
      client.subscribe("s", "/user/queue/answers");

      client.publish("/app/ask-all", "?");
      client.expectMessage("to all: ?");
      client.publish("/app/ask-me", "?");
      client.expectMessage("to me: ?");
      template.convertAndSendToUser(Login.ALIAS + "jo", "/queue/answers", "note");
      client.expectMessage("note");
      await().until(() -> registry.getUser(Login.ALIAS + "jo") != null);
    }
  }

  @Test
  void theRegistryKnowsLocalUsersTheirSessionsAndSubscriptions() {
    try (SpringNode.Session one = node.session("login:kim");
        SpringNode.Session two = node.session("login:kim")) {
      one.client().subscribe("sub-7", "/topic/kims");
      await().until(() -> sessions("kim") == 2 && subscriptions("/topic/kims").size() == 1);

      SimpUser kim = Objects.requireNonNull(registry.getUser("kim"));
      assertThat(kim.getPrincipal()).isEqualTo(new Login.User("kim"));
      assertThat(kim.getSessions())
          .extracting(SimpSession::getId)
          .containsExactlyInAnyOrder(one.id(), two.id());
      SimpSubscription subscription = subscriptions("/topic/kims").iterator().next();
      assertThat(subscription.getId()).isEqualTo("sub-7");
      assertThat(subscription.getSession().getId()).isEqualTo(one.id());
      assertThat(subscription.getSession().getUser()).isEqualTo(kim);

      one.client().confirmed("UNSUBSCRIBE", "id:sub-7");
      await().until(() -> subscriptions("/topic/kims").isEmpty());
      one.client().confirmed("DISCONNECT");
      one.client().expectClose();
      await().until(() -> sessions("kim") == 1);
      two.client().reset();
      await().until(() -> registry.getUser("kim") == null);
    }
  }

  /** Nothing but this has come to the client. */
  private static void reachesNext(StompClient client, String user) {
    template.convertAndSendToUser(user, "/queue/answers", "next");
    client.expectMessage("next");
  }

  private static int sessions(String user) {
    SimpUser found = registry.getUser(user);
    return found == null ? 0 : found.getSessions().size();
  }

  private static Set<SimpSubscription> subscriptions(String destination) {
    return registry.findSubscriptions(
        subscription -> subscription.getDestination().equals(destination));
  }

  private static Map<String, Object> sessionHeader(String sessionId) {
    SimpMessageHeaderAccessor accessor = SimpMessageHeaderAccessor.create(SimpMessageType.MESSAGE);
    accessor.setSessionId(sessionId);
    accessor.setLeaveMutable(true);
    return accessor.getMessageHeaders();
  }

  /** What the application is made of. */
  static class Application {
    @Bean
    Login login() {
      return new Login();
    }

    @Bean
    Calls calls() {
      return new Calls();
    }
  }

  @TestController
  static class Calls {
    @MessageMapping("/who")
    String who(Principal principal) {
      return principal.getName();
    }

    @MessageMapping("/ask-all")
    @SendToUser("/queue/answers")
    String all(String body) {
      return "to all: " + body;
    }

    @MessageMapping("/ask-me")
    @SendToUser(destinations = "/queue/answers", broadcast = false)
    String me(String body) {
      return "to me: " + body;
    }
  }
}
