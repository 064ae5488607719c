package io.drumline.stomp.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.StompClient;
import io.drumline.testing.redis.TestRedis;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.context.annotation.Bean;
import org.springframework.messaging.handler.annotation.MessageMapping;
import org.springframework.messaging.handler.annotation.SendTo;
import org.springframework.messaging.simp.SimpMessageHeaderAccessor;
import org.springframework.messaging.simp.SimpMessageType;
import org.springframework.messaging.simp.SimpMessagingTemplate;
import org.springframework.messaging.simp.annotation.SendToUser;

/** Spring's programming model over two nodes around one Redis. */
class ClusterIT {
  /** Keeps this run's destinations and users apart from those of others on the same Redis. */
  private static final String RUN = UUID.randomUUID().toString().substring(0, 8);

  private static SpringNode one;
  private static SpringNode two;

  @BeforeAll
  static void start() {
    List<String> redis =
        List.of(
            "drumline.backplane=redis",
            "drumline.security.anonymous=true",
            "spring.data.redis.url=" + TestRedis.url());
    one = SpringNode.start(redis, Application.class);
    two = SpringNode.start(redis, Application.class);
  }

  @AfterAll
  static void stop() {
    two.close();
    one.close();
  }

  @Test
  void theTemplateReachesSubscribersOfAnotherNode() {
    String topic = "/topic/template-" + RUN;
    try (StompClient here = one.client();
        StompClient there = two.client()) {
      here.subscribe("s", topic);
      there.subscribe("s", topic);

      one.bean(SimpMessagingTemplate.class)
          .convertAndSend(topic, Map.of("text", "hello"), Map.of("colour", "blue: green"));

      String id = here.expectMessage("{\"text\":\"hello\"}").header("message-id");
      assertThat(there.expect("MESSAGE", "colour:blue: green", "content-type:application/json"))
          .satisfies(
              message -> {
                assertThat(message.bodyText()).isEqualTo("{\"text\":\"hello\"}");
                assertThat(message.header("message-id")).isEqualTo(id);
              });
    }
  }

  @Test
  void sendToReachesSubscribersOfAnotherNode() {
    try (StompClient here = one.client();
        StompClient there = two.client()) {
      there.subscribe("s", "/topic/shouted");

      here.publish("/app/shout", RUN);

      there.expectMessage("shouted: " + RUN);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"ada", "a/b", "100%", "%25", "é 🥁"})
  void theTemplateReachesAllOfAUsersSessionsOnEveryNode(String name) {
    String user = name + RUN;
    try (StompClient here = one.client("login:" + user);
        StompClient there = two.client("login:" + user);
        StompClient other = two.client("login:other" + RUN)) {
      here.subscribe("s", "/user/queue/notes");
      there.subscribe("s", "/user/queue/notes");
      other.subscribe("s", "/user/queue/notes");

      one.bean(SimpMessagingTemplate.class).convertAndSendToUser(user, "/queue/notes", "note");

      here.expectMessage("note");
      assertThat(there.expectMessage("note").header("destination")).isEqualTo("/user/queue/notes");
      one.bean(SimpMessagingTemplate.class)
          .convertAndSendToUser("other" + RUN, "/queue/notes", "for other");
      other.expectMessage("for other");
    }
  }

  @Test
  void sendToUserReachesTheUsersSessionsOnEveryNode() {
    try (StompClient here = one.client("login:bea" + RUN);
        StompClient there = two.client("login:bea" + RUN)) {
      here.subscribe("s", "/user/queue/answers");
      there.subscribe("s", "/user/queue/answers");

      here.publish("/app/ask-all", "?");

      here.expectMessage("to all: ?");
      there.expectMessage("to all: ?");
    }
  }

  @Test
  void sendToUserWithoutBroadcastReachesTheAskingSessionOfAllNodes() {
    try (StompClient here = one.client("login:carl" + RUN);
        StompClient there = two.client("login:carl" + RUN)) {
      here.subscribe("s", "/user/queue/answers");
      there.subscribe("s", "/user/queue/answers");

      here.publish("/app/ask-me", "?");
      here.expectMessage("to me: ?");

      here.publish("/app/ask-all", "next");
      here.expectMessage("to all: next");
      there.expectMessage("to all: next"); // and nothing before it
    }
  }

  @Test
  void sendToUserReachesAnAnonymousSession() {
    try (StompClient here = one.client();
        StompClient there = two.client()) {
      here.subscribe("s", "/user/queue/answers");
      there.subscribe("s", "/user/queue/answers");

      here.publish("/app/ask-all", "here");
      here.expectMessage("to all: here");
      there.publish("/app/ask-all", "there");
      there.expectMessage("to all: there"); // and not the other's before it
    }
  }

  @Test
  void theTemplateReachesASessionOfAnotherNodeByItsId() {
    try (SpringNode.Session named = one.session("login:dan" + RUN);
        SpringNode.Session second = one.session("login:dan" + RUN);
        SpringNode.Session anonymous = one.session()) {
      for (SpringNode.Session session : List.of(named, second, anonymous)) {
        session.client().subscribe("s", "/user/queue/answers");
      }

      for (SpringNode.Session session : List.of(named, anonymous)) {
        for (String text : List.of("first", "then")) {
          two.bean(SimpMessagingTemplate.class)
              .convertAndSendToUser(
                  session.id(), "/queue/answers", text, sessionHeader(session.id()));
        }
        session.client().expectMessage("first");
        session.client().expectMessage("then");
      }
      reachesNext(second, "dan" + RUN);
    }
  }

  @Test
  void theTemplateReachesOneSessionOfAUserOnAnotherNode() {
    try (SpringNode.Session asked = one.session("login:eve" + RUN);
        SpringNode.Session second = one.session("login:eve" + RUN);
        SpringNode.Session other = one.session("login:fox" + RUN)) {
      for (SpringNode.Session session : List.of(asked, second, other)) {
        session.client().subscribe("s", "/user/queue/answers");
      }
      SimpMessagingTemplate template = two.bean(SimpMessagingTemplate.class);

      template.convertAndSendToUser(
          "eve" + RUN, "/queue/answers", "one", sessionHeader(asked.id()));
      // With another user's session, as of a message that is passed on: for all of the user's.
      template.convertAndSendToUser(
          "fox" + RUN, "/queue/answers", "all", sessionHeader(asked.id()));

      asked.client().expectMessage("one");
      other.client().expectMessage("all");
      reachesNext(second, "eve" + RUN);
    }
  }

  /** Nothing but this has come to the client. */
  private static void reachesNext(SpringNode.Session session, String user) {
    one.bean(SimpMessagingTemplate.class).convertAndSendToUser(user, "/queue/answers", "next");
    session.client().expectMessage("next");
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
    @MessageMapping("/shout")
    @SendTo("/topic/shouted")
    String shout(String body) {
      return "shouted: " + body;
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
