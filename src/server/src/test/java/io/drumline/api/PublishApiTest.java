package io.drumline.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drumline.backplane.MemoryBackplane;
import io.drumline.backplane.MemoryLimits;
import io.drumline.backplane.MessageIds;
import io.drumline.backplane.Receiver;
import io.drumline.backplane.Retentions;
import io.drumline.message.Destination;
import io.drumline.message.Publication;
import io.drumline.publish.Publisher;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.Banner;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Import;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.test.web.servlet.client.RestTestClient;
import org.springframework.test.web.servlet.client.StatusAssertions;

@ExtendWith(OutputCaptureExtension.class)
final class PublishApiTest {
  private static final BlockingQueue<Publication> published = new LinkedBlockingQueue<>();
  private static final MemoryBackplane backplane =
      new MemoryBackplane(
          new MessageIds(), Retentions.DEFAULTS, MemoryLimits.DEFAULTS, new SimpleMeterRegistry());
  private static final List<ConfigurableApplicationContext> contexts = new ArrayList<>();
  private static final String NEWS = "{\"destination\":\"/topic/news\",\"body\":\"x\"}";
  private static RestTestClient client;

  @EnableAutoConfiguration
  @Import({PublishController.class, ApiErrors.class, ApiConfiguration.class})
  static class Api {}

  private static final class Heard implements Receiver {
    @Override
    public void received(Publication publication) {
      published.add(publication);
    }

    @Override
    public void interrupted(Destination destination) {}
  }

  @BeforeAll
  static void start() {
    backplane.start(new Heard());
    client = start(backplane);
    subscribe("/topic/news");
  }

  @AfterAll
  static void stop() {
    contexts.forEach(ConfigurableApplicationContext::close);
    backplane.close();
  }

  @BeforeEach
  void forget() {
    published.clear();
  }

  @Test
  void answersWithTheMessageIdThatSubscribersSee() {
    String answer =
        publish("{\"destination\":\"/topic/news\",\"body\":\"hello\"}")
            .expectStatus()
            .isOk()
            .expectBody(String.class)
            .returnResult()
            .getResponseBody();

    assertThat(answer).isEqualTo("{\"id\":\"" + next().messageId() + "\"}");
  }

  @Test
  void publishesOnceForTheSameId() {
    String request = "{\"destination\":\"/topic/news\",\"body\":\"x\",\"id\":\"order-17\"}";
    String first =
        publish(request)
            .expectStatus()
            .isOk()
            .expectBody(String.class)
            .returnResult()
            .getResponseBody();
    String again =
        publish(request)
            .expectStatus()
            .isOk()
            .expectBody(String.class)
            .returnResult()
            .getResponseBody();

    assertThat(again).isEqualTo(first);
    assertThat(published).hasSize(1);
  }

  @Test
  void refusesAnIdThatIsTooLong() {
    String answer =
        publish(
                "{\"destination\":\"/topic/news\",\"body\":\"x\",\"id\":\""
                    + "x".repeat(129)
                    + "\"}")
            .expectStatus()
            .isBadRequest()
            .expectBody(String.class)
            .returnResult()
            .getResponseBody();

    assertThat(answer).contains("1 to 128 characters");
  }

  @Test
  void sendsAStringAsItIs() {
    publish("{\"destination\":\"/topic/news\",\"body\":\"caf\\u00e9 \\u0000 \\\"\"}")
        .expectStatus()
        .isOk();

    Publication publication = next();
    assertThat(new String(publication.body(), UTF_8)).isEqualTo("café \0 \"");
    assertThat(publication.headers()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"{\"a\":[1,2.50,null]}", "[]", "12345678901234567890.123456789", "true", "null"})
  void sendsAnyOtherValueAsJson(String json) {
    publish("{\"destination\":\"/topic/news\",\"body\":" + json + "}").expectStatus().isOk();

    Publication publication = next();
    assertThat(new String(publication.body(), UTF_8)).isEqualTo(json);
    assertThat(new String(publication.headers(), UTF_8))
        .isEqualTo("content-type:application/json\n");
  }

  @Test
  void writesTheContentTypeFirstAndEscapesHeaders() {
    publish(
            """
            {"destination": "/topic/news", "body": "x", "contentType": "text/plain",
             "headers": {"a:b": "line\\nbreak\\\\", "priority": "9", "event": "sale", "simpson": "x"}}
            """)
        .expectStatus()
        .isOk();

    assertThat(new String(next().headers(), UTF_8))
        .isEqualTo(
            "content-type:text/plain\na\\cb:line\\nbreak\\\\\npriority:9\nevent:sale\nsimpson:x\n");
  }

  @ParameterizedTest
  @CsvSource({
    "'\"user\":\"bob\"', /user/bob/queue/messages",
    "'\"user\":\"bob\",\"destination\":\"/queue/news\"', /user/bob/queue/news",
    "'\"user\":\"a/b\",\"destination\":\"/queue/news\"', /user/a%2Fb/queue/news",
    "'\"destination\":\"/user/bob/queue/news\"', /user/bob/queue/news",
  })
  void reachesAUser(String target, String destination) {
    subscribe(destination);

    publish("{" + target + ",\"body\":\"hi\"}").expectStatus().isOk();

    assertThat(next().destination().value()).isEqualTo(destination);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          /app/greet     | Application destinations (/app/...) take messages of connected clients only
          /user/queue/x  | names no user: put the name into the field user, and /queue/x into
          /user/topic/x  | names no user: put the name into the field user, and /topic/x into
          /elsewhere/x   | it must begin with /topic/, /ephemeral/ or /user/.
          """)
  void saysWhereMessagesCanGo(String destination, String sentence) {
    publish("{\"destination\":\"" + destination + "\",\"body\":\"x\"}")
        .expectStatus()
        .isBadRequest()
        .expectBody()
        .jsonPath("$.detail")
        .value(String.class, detail -> assertThat(detail).contains(sentence));
    assertThat(published).isEmpty();
  }

  @Test
  void reachesAUserWhoIsNamedAsADestinationBegins() {
    subscribe("/user/queue/x");

    publish("{\"user\":\"queue\",\"destination\":\"/x\",\"body\":\"hi\"}").expectStatus().isOk();

    assertThat(next().destination().value()).isEqualTo("/user/queue/x");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"body":"x"}                                             | destination
          {"destination":"news","body":"x"}                        | destination
          {"destination":"/topic/","body":"x"}                     | destination
          {"destination":"/app/rooms/a","body":"x"}                | destination
          {"user":" ","body":"x"}                                  | user
          {"user":"bob","destination":"news","body":"x"}           | destination
          {"user":"bob","destination":"/user/queue/x","body":"x"}  | destination
          {"destination":"/topic/news"}                            | body
          {"destination":"/topic/news","body":"x","headers":[]}    | headers
          {"destination":["/topic/news"],"body":"x"}               | destination
          {"destination":"/topic/news","body":"x","colour":"red"}  | colour
          """)
  void refusesWhatIsNotValidAndNamesTheField(String json, String field) {
    publish(json)
        .expectStatus()
        .isBadRequest()
        .expectHeader()
        .contentType(MediaType.APPLICATION_PROBLEM_JSON)
        .expectBody()
        .jsonPath("$.field")
        .isEqualTo(field)
        .jsonPath("$.detail")
        .value(String.class, detail -> assertThat(detail).endsWith("."));
    assertThat(published).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "message-id",
        "Message-Id",
        "subscription",
        "destination",
        "content-length",
        "content-type",
        "receipt",
        "ack",
        "transaction",
        "user-name",
        "simpSessionId",
        "drumline-event",
        "Authorization",
        ""
      })
  void refusesHeadersThatAreTheServersOwn(String header) {
    publish(
            "{\"destination\":\"/topic/news\",\"body\":\"x\",\"headers\":{\""
                + header
                + "\":\"1\"}}")
        .expectStatus()
        .isBadRequest()
        .expectBody()
        .jsonPath("$.field")
        .isEqualTo("headers." + header);
  }

  @Test
  void refusesAHeaderWithoutValueOrWithNul() {
    publish("{\"destination\":\"/topic/news\",\"body\":\"x\",\"headers\":{\"a\":null}}")
        .expectStatus()
        .isBadRequest();
    publish("{\"destination\":\"/topic/news\",\"body\":\"x\",\"headers\":{\"a\":\"\\u0000\"}}")
        .expectStatus()
        .isBadRequest();
  }

  @Test
  void refusesTooManyOrTooLongHeaders() {
    StringBuilder many = new StringBuilder("\"h\":\"1\"");
    for (int i = 0; i < 64; i++) {
      many.append(",\"h").append(i).append("\":\"1\"");
    }
    String start = "{\"destination\":\"/topic/news\",\"body\":\"x\",\"headers\":{";

    publish(start + many + "}}").expectStatus().isBadRequest();
    publish(start + "\"long\":\"" + "x".repeat(16 * 1024) + "\"}}").expectStatus().isBadRequest();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "null", "[]", "\"x\"", "{", "{\"body\":1,\"body\":2}", "{} {}"})
  void refusesWhatIsNotOneJsonObject(String json) {
    publish(json)
        .expectStatus()
        .isBadRequest()
        .expectHeader()
        .contentType(MediaType.APPLICATION_PROBLEM_JSON)
        .expectBody()
        .jsonPath("$.detail")
        .value(String.class, detail -> assertThat(detail).endsWith(".").doesNotContain("jackson"));
  }

  @Test
  void refusesARequestOfMoreThanOneMebibyte() {
    String start = "{\"destination\":\"/topic/news\",\"body\":\"";
    int room = StrictJson.MAX_REQUEST - start.length() - 2;

    publish(start + "x".repeat(room) + "\"}").expectStatus().isOk();
    publish(start + "x".repeat(room + 1) + "\"}")
        .expectStatus()
        .isEqualTo(413)
        .expectHeader()
        .contentType(MediaType.APPLICATION_PROBLEM_JSON);
  }

  @Test
  void refusesAnythingButJson() {
    client
        .post()
        .uri("/api/v1/publish")
        .contentType(MediaType.TEXT_PLAIN)
        .body("{\"destination\":\"/topic/news\",\"body\":\"x\"}")
        .exchange()
        .expectStatus()
        .isEqualTo(415)
        .expectHeader()
        .contentType(MediaType.APPLICATION_PROBLEM_JSON);
  }

  @Test
  void answersUnavailableWhereTheBackplaneDoesNotAccept() {
    MemoryBackplane stopped =
        new MemoryBackplane(
            new MessageIds(),
            Retentions.DEFAULTS,
            MemoryLimits.DEFAULTS,
            new SimpleMeterRegistry());

    post(start(stopped), "{\"user\":\"bob\",\"body\":\"x\"}")
        .expectStatus()
        .isEqualTo(503)
        .expectHeader()
        .contentType(MediaType.APPLICATION_PROBLEM_JSON)
        .expectBody()
        .jsonPath("$.detail")
        .value(String.class, detail -> assertThat(detail).contains("backplane").endsWith("."));
  }

  @Test
  void asksForAKeyWhereSomeAreSet() {
    RestTestClient guarded = start(backplane, keys("publish"));

    post(guarded, NEWS)
        .expectStatus()
        .isUnauthorized()
        .expectHeader()
        .valueEquals(HttpHeaders.WWW_AUTHENTICATE, "Bearer realm=\"drumline\"")
        .expectHeader()
        .contentType(MediaType.APPLICATION_PROBLEM_JSON);
    post(with(guarded, "X-API-Key", "s3cre"), NEWS).expectStatus().isUnauthorized();
    post(with(guarded, "X-API-Key", sha256("s3cret")), NEWS).expectStatus().isUnauthorized();
    post(with(guarded, "Authorization", "Basic s3cret"), NEWS).expectStatus().isUnauthorized();
    post(with(guarded, "Authorization", "Bearer "), NEWS).expectStatus().isUnauthorized();
    assertThat(published).isEmpty();

    post(with(guarded, "X-API-Key", "s3cret"), NEWS).expectStatus().isOk();
    post(with(guarded, "Authorization", "bearer s3cret"), NEWS).expectStatus().isOk();
    post(with(guarded, "X-API-Key", "another"), NEWS).expectStatus().isOk();
  }

  @Test
  void asksForTheRightScope() {
    RestTestClient guarded = start(backplane, keys("read"));

    post(with(guarded, "X-API-Key", "s3cret"), NEWS)
        .expectStatus()
        .isForbidden()
        .expectHeader()
        .contentType(MediaType.APPLICATION_PROBLEM_JSON);
    get(with(guarded, "X-API-Key", "s3cret"), "/nowhere").isForbidden();
    get(with(guarded, "X-API-Key", "another"), "/nowhere").isNotFound();
    assertThat(published).isEmpty();
  }

  @Test
  void isClosedInAClusterUnlessTold() {
    post(start(backplane, "drumline.backplane=redis"), NEWS).expectStatus().isUnauthorized();
    assertThat(published).isEmpty();
    post(start(backplane, "drumline.backplane=redis", "drumline.api.anonymous=true"), NEWS)
        .expectStatus()
        .isOk();
  }

  @Test
  void leavesHealthMetricsAndThePageOpenAndNothingElse() {
    RestTestClient guarded = start(backplane, keys("read"));
    get(guarded, "/actuator/health").isOk();
    get(guarded, "/actuator/prometheus").isOk();
    get(guarded, "/").isOk();
    get(guarded, "/chat/chat.js").isOk();
    get(guarded, "/api/v1/publish").isUnauthorized();
    get(guarded, "/actuator/env").isUnauthorized();
    get(guarded, "/nowhere").isUnauthorized();

    String[] closed = keys("read");
    closed[0] = "drumline.api.open-metrics=false";
    RestTestClient metrics = start(backplane, closed);
    get(metrics, "/actuator/prometheus").isUnauthorized();
    get(with(metrics, "X-API-Key", "another"), "/actuator/prometheus").isOk();
  }

  @Test
  void sendsSecurityHeadersAndNoCookies() {
    client
        .get()
        .uri("/")
        .exchange()
        .expectHeader()
        .valueEquals("X-Content-Type-Options", "nosniff")
        .expectHeader()
        .valueEquals("X-Frame-Options", "DENY")
        .expectHeader()
        .valueMatches(
            "Content-Security-Policy", "default-src 'none'; script-src 'self'; .*ancestors 'none'")
        .expectHeader()
        .valueEquals("Referrer-Policy", "no-referrer")
        .expectHeader()
        .doesNotExist("Set-Cookie");
  }

  @Test
  void makesUpNoPassword(CapturedOutput output) {
    start(backplane);
    assertThat(output).doesNotContainIgnoringCase("password");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "drumline.api.key=s3cret",
        "drumline.api.keys[0].name=a",
        "drumline.api.keys[0].hash=s3cret",
        "drumline.api.tokens=maybe",
        "drumline.api.kye=x"
      })
  void doesNotStartWithAWrongSetting(String setting) {
    assertThatThrownBy(() -> start(backplane, setting)).hasMessageContaining("drumline.api");
  }

  /** One key with this scope, {@code s3cret}, and one for everything, {@code another}. */
  private static String[] keys(String scope) {
    return new String[] {
      "drumline.api.tokens=false",
      "drumline.api.keys[0].name=backend",
      "drumline.api.keys[0].hash=sha256:" + sha256("s3cret"),
      "drumline.api.keys[0].scopes=" + scope,
      "drumline.api.keys[1].name=operator",
      "drumline.api.keys[1].hash=sha256:" + sha256("another"),
      "drumline.api.keys[1].scopes=admin"
    };
  }

  private static String sha256(String key) {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(key.getBytes(UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static StatusAssertions get(RestTestClient client, String path) {
    return client.get().uri(path).exchange().expectStatus();
  }

  private RestTestClient.ResponseSpec publish(String json) {
    return post(client, json);
  }

  private static RestTestClient.ResponseSpec post(RestTestClient client, String json) {
    return client
        .post()
        .uri("/api/v1/publish")
        .contentType(MediaType.APPLICATION_JSON)
        .body(json)
        .exchange();
  }

  private static RestTestClient with(RestTestClient client, String header, String value) {
    return client.mutate().defaultHeader(header, value).build();
  }

  /** Starts a server with the API alone, on this backplane, with these settings. */
  private static RestTestClient start(MemoryBackplane backplane, String... settings) {
    ConfigurableApplicationContext context =
        new SpringApplicationBuilder(Api.class)
            .bannerMode(Banner.Mode.OFF)
            .initializers(
                starting ->
                    starting
                        .getBeanFactory()
                        .registerSingleton(
                            "publisher", new Publisher(backplane, null, new SimpleMeterRegistry())))
            .run(
                Stream.concat(
                        Stream.of(
                            "server.port=0",
                            "management.endpoint.health.validate-group-membership=false"),
                        Stream.of(settings))
                    .map("--"::concat)
                    .toArray(String[]::new));
    contexts.add(context);
    String port = context.getEnvironment().getRequiredProperty("local.server.port");
    return RestTestClient.bindToServer().baseUrl("http://127.0.0.1:" + port).build();
  }

  private static void subscribe(String destination) {
    backplane.subscribe(Destination.parse(destination));
  }

  private Publication next() {
    Publication publication = published.poll();
    assertThat(publication).as("a publication").isNotNull();
    return publication;
  }
}
