package io.drumline.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drumline.DrumlineApplication;
import io.drumline.testing.StompClient;
import io.drumline.testing.StompClient.Carriage;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.security.crypto.bcrypt.BCryptPasswordEncoder;
import org.springframework.test.web.servlet.client.RestTestClient;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

final class ChatTest {
  private static final JsonMapper JSON = new JsonMapper();

  private static ConfigurableApplicationContext node;
  private static int clientPort;
  private static RestTestClient control;
  private StompClient ada;
  private StompClient grace;

  @BeforeAll
  static void startNode() {
    node = start("--drumline.node-id=node-a", "--drumline.chat.rooms=lobby,music");
    clientPort = port(node, "local.drumline.listener.port");
    control = client(node);
  }

  @AfterAll
  static void stopNode() {
    node.close();
  }

  @BeforeEach
  void connect() {
    ada = StompClient.open(clientPort, Carriage.TEXT, "v12.stomp").connect("1.2");
    grace = StompClient.open(clientPort, Carriage.TEXT, "v12.stomp").connect("1.2");
  }

  @AfterEach
  void disconnect() {
    ada.close();
    grace.close();
  }

  @Test
  void tellsTheRoomWhoWroteWhenThroughWhichNode() {
    grace.subscribe("s", "/topic/rooms.lobby");

    Instant before = Instant.now();
    post(ada, "lobby", "{\"name\":\" Ada \",\"text\":\"Hello\\nthere\"}", "r-1");

    JsonNode message = JSON.readTree(grace.expect("MESSAGE").bodyText());
    assertThat(message.path("name").stringValue()).isEqualTo("Ada");
    assertThat(message.path("text").stringValue()).isEqualTo("Hello\nthere");
    assertThat(message.path("node").stringValue()).isEqualTo("node-a");
    assertThat(message.path("ref").stringValue()).isEqualTo("r-1");
    assertThat(Instant.parse(message.path("time").stringValue())).isBetween(before, Instant.now());
  }

  @Test
  void whoIsSignedInSpeaksUnderTheirOwnName() {
    try (ConfigurableApplicationContext other =
            start(
                "--drumline.security.users[0].login=ada",
                "--drumline.security.users[0].password="
                    + new BCryptPasswordEncoder(4).encode("sesame"),
                "--drumline.security.rules[0].pattern=/topic/rooms.lobby",
                "--drumline.security.rules[0].subscribe=authenticated");
        StompClient signedIn =
            StompClient.open(
                    port(other, "local.drumline.listener.port"), Carriage.TEXT, "v12.stomp")
                .connect("1.2", "login:ada", "passcode:sesame")) {
      signedIn.subscribe("s", "/topic/rooms.lobby");

      post(signedIn, "lobby", "{\"name\":\"Grace\",\"text\":\"x\"}");

      JsonNode message = JSON.readTree(signedIn.expect("MESSAGE").bodyText());
      assertThat(message.path("name").stringValue()).isEqualTo("ada");
    }
  }

  @Test
  void whatIsSentAgainWithItsRefIsPublishedOnce() {
    grace.subscribe("s", "/topic/rooms.twice");

    post(ada, "twice", "{\"name\":\"Ada\",\"text\":\"one\"}", "the-same");
    post(ada, "twice", "{\"name\":\"Ada\",\"text\":\"one\"}", "the-same");
    post(ada, "twice", "{\"name\":\"Ada\",\"text\":\"two\"}", "another");

    assertThat(grace.expect("MESSAGE").bodyText()).contains("one");
    assertThat(grace.expect("MESSAGE").bodyText()).contains("two");
  }

  @Test
  void keepsRoomsApart() {
    grace.subscribe("s", "/topic/rooms.music");

    post(ada, "lobby", "{\"name\":\"Ada\",\"text\":\"one\"}");
    post(ada, "music", "{\"name\":\"Ada\",\"text\":\"two\"}");

    assertThat(grace.expect("MESSAGE").bodyText()).contains("two");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          lobby | {"text":"x"}                   | The name must not be blank.
          lobby | {"name":" ","text":"x"}        | The name must not be blank.
          lobby | {"name":"Ada","text":""}       | The text must not be blank.
          lobby | {"name":"%41x","text":"x"}     | The name must have at most 40 characters.
          lobby | {"name":"Ada","text":"%2001x"} | The text must have at most 2000 characters.
          lobby | nonsense                       | The message is not JSON with a name and a text.
          LOBBY | {"name":"Ada","text":"x"}      | The room must be 1 to 40 lower-case letters, digits and hyphens, beginning with a letter or digit.
          """)
  void tellsTheSenderAloneWhatWasWrong(String room, String body, String reason) {
    ada.subscribe("mine", "/user/queue/refusals");
    grace.subscribe("hers", "/user/queue/refusals");
    grace.subscribe("s", "/topic/rooms.lobby");

    String full = body.replace("%41x", "x".repeat(41)).replace("%2001x", "x".repeat(2001));
    post(ada, room, full, "r-1");

    JsonNode refusal = JSON.readTree(ada.expect("MESSAGE").bodyText());
    assertThat(refusal.path("reason").stringValue()).isEqualTo(reason);
    assertThat(refusal.path("ref").stringValue()).isEqualTo("r-1");
    grace.expectNothing(Duration.ofMillis(200));
  }

  @Test
  void listsTheRoomsAndNamesTheNode() {
    ada.command("SUBSCRIBE", "id:rooms", "destination:/app/rooms");
    assertThat(ada.expect("MESSAGE", "subscription:rooms").bodyText())
        .isEqualTo("[\"lobby\",\"music\"]");

    ada.command("SUBSCRIBE", "id:node", "destination:/app/node");
    assertThat(ada.expect("MESSAGE", "subscription:node").bodyText()).contains("node-a");
  }

  @Test
  void tellsThePageWhereToConnect() {
    control
        .get()
        .uri("/chat/settings")
        .exchange()
        .expectHeader()
        .valueEquals("Cache-Control", "no-store")
        .expectBody()
        .jsonPath("$.endpoints.length()")
        .isEqualTo(0)
        .jsonPath("$.port")
        .isEqualTo(clientPort)
        .jsonPath("$.path")
        .isEqualTo("/ws");
  }

  @Test
  void tellsThePageTheConfiguredEndpoints() {
    try (ConfigurableApplicationContext other =
        start("--drumline.chat.endpoints=wss://a.example.org/ws,wss://b.example.org/ws")) {
      client(other)
          .get()
          .uri("/chat/settings")
          .exchange()
          .expectBody()
          .jsonPath("$.endpoints[1]")
          .isEqualTo("wss://b.example.org/ws");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--drumline.chat.endpoints=http://a.example.org/ws",
        "--drumline.chat.rooms=The Lobby",
        "--drumline.chat.room=lobby"
      })
  void doesNotStartWithAWrongSetting(String setting) {
    assertThatThrownBy(() -> start(setting)).hasMessageContaining("drumline.chat");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/chat/chat.js", "/chat/chat.css", "/chat/icon.svg"})
  void servesThePage(String path) {
    control.get().uri(path).exchange().expectStatus().isOk();
  }

  @Test
  void servesStompJsWhereTheSettingsSay() {
    String body =
        control
            .get()
            .uri("/chat/settings")
            .exchange()
            .expectBody(String.class)
            .returnResult()
            .getResponseBody();

    control
        .get()
        .uri(JSON.readTree(body).path("stomp").stringValue())
        .exchange()
        .expectStatus()
        .isOk();
  }

  private static void post(StompClient client, String room, String json) {
    post(client, room, json, "r-" + UUID.randomUUID());
  }

  private static void post(StompClient client, String room, String json, String ref) {
    client.publish("/app/rooms/" + room, json, "content-type:application/json", "ref:" + ref);
  }

  private static ConfigurableApplicationContext start(String... arguments) {
    return new SpringApplicationBuilder(DrumlineApplication.class)
        .run(
            Stream.concat(
                    Stream.of("--server.port=0", "--drumline.listener.port=0"),
                    Stream.of(arguments))
                .toArray(String[]::new));
  }

  private static RestTestClient client(ConfigurableApplicationContext node) {
    return RestTestClient.bindToServer()
        .baseUrl("http://127.0.0.1:" + port(node, "local.server.port"))
        .build();
  }

  private static int port(ConfigurableApplicationContext node, String property) {
    return node.getEnvironment().getRequiredProperty(property, Integer.class);
  }
}
