package io.drumline.console;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.DrumlineApplication;
import io.drumline.testing.RawWebSocket;
import jakarta.servlet.ServletContext;
import java.net.CookieManager;
import java.net.HttpCookie;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;

/** The console's login on a whole node, as a browser speaks with it. */
@ExtendWith(OutputCaptureExtension.class)
class ConsoleIT {
  private static final String CSRF = "drumline-csrf";
  private static final String PUBLICATION = "{\"destination\":\"/topic/a\",\"body\":\"x\"}";

  private static ConfigurableApplicationContext node;

  /** The name of its cookie. */
  private static String session;

  /** Each test is another browser, at another address: five attempts to log in are not many. */
  private static int browsers;

  private final CookieManager cookies = new CookieManager();
  private final HttpClient http = HttpClient.newBuilder().cookieHandler(cookies).build();
  private final String address = "203.0.113." + ++browsers;

  @BeforeAll
  static void start() throws Exception {
    node =
        run(
            "server.forward-headers-strategy=native",
            "drumline.api.keys[0].name=reader",
            "drumline.api.keys[0].hash=" + hash("read-key"),
            "drumline.api.keys[0].scopes=read",
            "drumline.api.keys[1].name=operator",
            "drumline.api.keys[1].hash=" + hash("admin-key"),
            "drumline.api.keys[1].scopes=admin",
            "drumline.api.keys[2].name=shop",
            "drumline.api.keys[2].hash=" + hash("publish-key"),
            "drumline.api.keys[2].scopes=publish");
    session = cookieOf(node);
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  @Test
  void letsNobodySeeTheNodeWithoutLogin() throws Exception {
    assertThat(get("/console/").statusCode()).isEqualTo(200);
    assertThat(get("/console/session").body()).contains("\"name\":null", "\"keyed\":true");
    assertThat(get("/console/node").statusCode()).isEqualTo(401);
    assertThat(get("/api/v1/anything").statusCode()).isEqualTo(401);
    assertThat(cookie(session)).isNull();
  }

  /** By what a path, a method or a header might be taken for. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /api/v1/nodes;x=.js",
        "GET /console/;/../../api/v1/nodes",
        "GET /console/..;/api/v1/nodes",
        "GET /console/x.js/../../api/v1/nodes",
        "GET /chat/%2e%2e/api/v1/nodes",
        "GET /chat/..%2fapi/v1/nodes",
        "GET /chat/..%252fapi/v1/nodes",
        "GET //api/v1/nodes",
        "GET /api//v1/nodes",
        "GET /api/v1/nodes/",
        "GET /API/v1/nodes",
        "GET /console/node",
        "GET /console/node.js",
        "GET /actuator",
        "GET /actuator/env",
        "GET /actuator/health/../drain",
        "GET /actuator/heapdump",
        "GET /actuator/drain",
        "HEAD /console/node",
        "POST /actuator/drain",
        "POST /chat/x",
        "POST /error",
        "PUT /api/v1/publish",
        "TRACE /api/v1/nodes",
        "CONNECT /api/v1/nodes",
        "GET http://elsewhere/api/v1/nodes"
      })
  void noSpellingOpensTheControlPlane(String request) throws Exception {
    try (RawWebSocket socket =
        RawWebSocket.open(
            Integer.parseInt(node.getEnvironment().getRequiredProperty("local.server.port")))) {
      socket.raw(
          request
              + " HTTP/1.1\r\nHost: localhost\r\nX-HTTP-Method-Override: GET\r\n"
              + "X-Original-URL: /\r\nX-Rewrite-URL: /\r\nX-Forwarded-Prefix: /chat\r\n"
              + "Cookie: "
              + session
              + "=x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      RawWebSocket.Response response =
          request.startsWith("HEAD") ? socket.headResponse() : socket.response();
      assertThat(response.status()).isIn(400, 401, 403, 404, 405, 501);
      assertThat(response.body()).doesNotContain("Exception", "\tat ", "\"nodes\"", "tomcat");
    }
  }

  @Test
  void opensASessionForAKeyThatMayRead() throws Exception {
    assertThat(login("read-key").statusCode()).isEqualTo(204);
    assertThat(get("/console/session").body())
        .contains("\"name\":\"reader\"", "\"scopes\":[\"read\"]");
    assertThat(get("/console/node").body()).contains("\"connections\":0.0", "\"going_away\"");
    assertThat(get("/api/v1/nothing").statusCode()).isEqualTo(404);
  }

  @Test
  void hidesTheSessionsCookieFromScriptsAndOtherSites() throws Exception {
    HttpResponse<String> answer = login("read-key");
    assertThat(answer.headers().allValues("Set-Cookie"))
        .anySatisfy(
            set ->
                assertThat(set)
                    .startsWith(session + "=")
                    .contains("HttpOnly")
                    .contains("SameSite=Strict"));
  }

  @Test
  void refusesAWrongKeyAndOneForPublishingOnly(CapturedOutput output) throws Exception {
    HttpResponse<String> wrong = login("another-key");
    assertThat(wrong.statusCode()).isEqualTo(401);
    assertThat(wrong.body()).contains("The API key is not right.");
    assertThat(login("publish-key").body()).contains("the scope read or admin");
    assertThat(cookie(session)).isNull();
    assertThat(output).contains("refused").doesNotContain("another-key", "publish-key");
  }

  @Test
  void givesANewSessionWhateverCookieTheBrowserHadBefore() throws Exception {
    get("/console/session");
    String token = cookie(CSRF);
    HttpRequest planted =
        request("/console/login")
            .header("Cookie", session + "=planted; " + CSRF + "=" + token)
            .header("X-XSRF-TOKEN", token)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(BodyPublishers.ofString("key=read-key"))
            .build();
    assertThat(send(planted).statusCode()).isEqualTo(204);
    String first = cookie(session);
    assertThat(first).isNotNull().isNotEqualTo("planted");
    // And another one where there was a real one.
    assertThat(login("admin-key").statusCode()).isEqualTo(204);
    assertThat(cookie(session)).isNotEqualTo(first);
  }

  @Test
  void needsThePagesTokenForWhatChangesSomething() throws Exception {
    login("admin-key");
    HttpResponse<String> forged = post("/api/v1/publish", PUBLICATION, null);
    assertThat(forged.statusCode()).isEqualTo(403);
    assertThat(forged.body()).contains("token of the console's page");
    assertThat(post("/api/v1/publish", PUBLICATION, "guessed").statusCode()).isEqualTo(403);
    assertThat(post("/console/logout", "", null).statusCode()).isEqualTo(403);
    assertThat(get("/console/node").statusCode()).isEqualTo(200);
    assertThat(post("/api/v1/publish", PUBLICATION, cookie(CSRF)).statusCode()).isEqualTo(200);
  }

  @Test
  void needsThePagesTokenToLogInToo() throws Exception {
    HttpResponse<String> forged = post("/console/login", "key=read-key", null);
    assertThat(forged.statusCode()).isEqualTo(403);
    assertThat(cookie(session)).isNull();
  }

  @Test
  void doesNoMoreThanTheKeyIsFor() throws Exception {
    login("read-key");
    assertThat(post("/api/v1/publish", PUBLICATION, cookie(CSRF)).statusCode()).isEqualTo(403);
    assertThat(post("/actuator/drain", "", cookie(CSRF)).statusCode()).isEqualTo(403);
  }

  @Test
  void takesAKeyInTheRequestForMoreThanTheCookie() throws Exception {
    login("admin-key");
    HttpRequest request =
        request("/api/v1/publish")
            .header("Content-Type", "application/json")
            .header("X-API-Key", "read-key")
            .POST(BodyPublishers.ofString(PUBLICATION))
            .build();
    assertThat(send(request).statusCode()).isEqualTo(403);
  }

  /** A browser sends what a host has set to all of its ports. */
  @Test
  void keepsAnotherNodesSessionOfTheSameHost() throws Exception {
    assertThat(session).startsWith("drumline-console-");
    try (ConfigurableApplicationContext other = run("drumline.node-id=other")) {
      assertThat(cookieOf(other)).startsWith("drumline-console-").isNotEqualTo(session);
    }
  }

  @Test
  void forgetsTheSessionAtLogout() throws Exception {
    login("read-key");
    String stolen = cookie(session);
    assertThat(post("/console/logout", "", cookie(CSRF)).statusCode()).isEqualTo(204);
    cookies.getCookieStore().removeAll();
    HttpRequest request = request("/console/node").header("Cookie", session + "=" + stolen).build();
    assertThat(send(request).statusCode()).isEqualTo(401);
  }

  @Test
  void slowsDownWhoTriesManyKeys() throws Exception {
    for (int i = 0; i < 5; i++) {
      assertThat(login("wrong-" + i).statusCode()).isEqualTo(401);
    }
    HttpResponse<String> answer = login("read-key");
    assertThat(answer.statusCode()).isEqualTo(429);
    assertThat(answer.headers().firstValue("Retry-After")).contains("10");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/console/", "/console/node", "/", "/api/v1/x", "/actuator/health"})
  void sendsSecurityHeadersWithEverything(String path) throws Exception {
    HttpResponse<String> answer = get(path);
    assertThat(answer.headers().map())
        .hasEntrySatisfying(
            "content-security-policy",
            policy ->
                assertThat(policy.get(0))
                    .contains("default-src 'none'", "frame-ancestors 'none'")
                    .doesNotContain("unsafe"))
        .containsKeys("x-content-type-options", "x-frame-options")
        .hasEntrySatisfying(
            "referrer-policy", policy -> assertThat(policy).containsExactly("no-referrer"));
  }

  @Test
  void asksNobodyOnANodeByItselfButKeepsForeignPagesOut() throws Exception {
    try (ConfigurableApplicationContext open = run()) {
      assertThat(send(HttpRequest.newBuilder(uri(open, "/console/node")).build()).statusCode())
          .isEqualTo(200);
      HttpRequest.Builder publish =
          HttpRequest.newBuilder(uri(open, "/api/v1/publish"))
              .header("Content-Type", "application/json")
              .POST(BodyPublishers.ofString(PUBLICATION));
      assertThat(send(publish.copy().build()).statusCode()).isEqualTo(200);
      assertThat(send(publish.copy().header("Origin", "http://evil.example").build()).statusCode())
          .isEqualTo(403);
      String own = uri(open, "").toString();
      assertThat(send(publish.copy().header("Origin", own).build()).statusCode()).isEqualTo(200);
    }
  }

  private HttpResponse<String> login(String key) throws Exception {
    get("/console/session");
    return post("/console/login", "key=" + key, cookie(CSRF));
  }

  private HttpResponse<String> get(String path) throws Exception {
    return send(request(path).build());
  }

  private HttpResponse<String> post(String path, String body, @Nullable String token)
      throws Exception {
    HttpRequest.Builder request =
        request(path)
            .header(
                "Content-Type",
                body.startsWith("{") ? "application/json" : "application/x-www-form-urlencoded")
            .POST(BodyPublishers.ofString(body));
    if (token != null) {
      request.header("X-XSRF-TOKEN", token);
    }
    return send(request.build());
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(uri(path)).header("X-Forwarded-For", address);
  }

  private static URI uri(String path) {
    return uri(node, path);
  }

  private static URI uri(ConfigurableApplicationContext other, String path) {
    return URI.create(
        "http://127.0.0.1:"
            + other.getEnvironment().getRequiredProperty("local.server.port")
            + path);
  }

  private HttpResponse<String> send(HttpRequest request) throws Exception {
    return http.send(request, HttpResponse.BodyHandlers.ofString());
  }

  private @Nullable String cookie(String name) {
    return cookies.getCookieStore().getCookies().stream()
        .filter(cookie -> cookie.getName().equals(name))
        .map(HttpCookie::getValue)
        .findFirst()
        .orElse(null);
  }

  private static ConfigurableApplicationContext run(String... properties) {
    return new SpringApplicationBuilder(DrumlineApplication.class)
        .run(
            Stream.concat(
                    Stream.of("server.port=0", "drumline.listener.port=0"), Stream.of(properties))
                .map("--"::concat)
                .toArray(String[]::new));
  }

  private static String cookieOf(ConfigurableApplicationContext node) {
    return node.getBean(ServletContext.class).getSessionCookieConfig().getName();
  }

  private static String hash(String key) throws Exception {
    return "sha256:"
        + HexFormat.of()
            .formatHex(MessageDigest.getInstance("SHA-256").digest(key.getBytes(UTF_8)));
  }
}
