package io.drumline.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jwt.JWTClaimsSet;
import io.drumline.security.TokenMaker;
import io.drumline.testing.StompClient;
import io.drumline.testing.StompClient.Carriage;
import io.drumline.testing.StompFrame;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.security.crypto.bcrypt.BCryptPasswordEncoder;

/** Who may connect, say and hear, on a whole node. */
@ExtendWith(OutputCaptureExtension.class)
class AccessIT {
  private static final int UNAUTHORIZED = 4007;
  private static final int FORBIDDEN = 4008;
  private static final int TOKEN_EXPIRED = 4009;

  private static Node node;
  private StompClient client;

  @BeforeAll
  static void start() {
    node =
        Node.alone(
            "drumline.security.jwt.secret=" + TokenMaker.SECRET,
            "drumline.security.jwt.clock-skew=0s",
            "drumline.stomp.max-header-size=16KB",
            "drumline.security.users[0].login=bob",
            "drumline.security.users[0].password=" + new BCryptPasswordEncoder(4).encode("sesame"),
            "drumline.security.rules[0].pattern=/topic/open/**",
            "drumline.security.rules[0].send=authenticated",
            "drumline.security.rules[0].subscribe=authenticated",
            "drumline.security.rules[1].pattern=/topic/team.{claim:team}/**",
            "drumline.security.rules[1].send=authenticated",
            "drumline.security.rules[1].subscribe=authenticated",
            "drumline.security.rules[2].pattern=/topic/news",
            "drumline.security.rules[2].send=role:editor",
            "drumline.security.rules[2].subscribe=authenticated");
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  @AfterEach
  void hangUp() {
    if (client != null) {
      client.close();
    }
  }

  @Test
  void saysAtItsStartThatAnybodyMayPublishThroughTheApi(CapturedOutput output) {
    assertThat(output.getOut())
        .containsOnlyOnce("but anybody who reaches port " + node.controlPort() + " may publish");
  }

  @Test
  void refusesWhoShowsNothing() {
    refused("needs a token or a login", UNAUTHORIZED);
  }

  @Test
  void refusesAnyOtherFrameBeforeConnect() {
    open().send("SUBSCRIBE\nid:1\ndestination:/topic/open/a\n\n\0");
    assertThat(client.expect("ERROR").header("message")).contains("must be CONNECT");
    client.expectClose();
  }

  @Test
  void namesTheUserOfAToken() {
    open().send(connect("Authorization:Bearer " + token(TokenMaker.ann())));
    assertThat(client.expect("CONNECTED").header("user-name")).isEqualTo("ann");
  }

  /** Else it would be anonymous where anonymous clients are served, without a word. */
  @Test
  void readsTheHeadersOfCredentialsInAnyCase() {
    open().send(connect("authorization:Bearer " + token(TokenMaker.ann())));
    assertThat(client.expect("CONNECTED").header("user-name")).isEqualTo("ann");
    client.close();
    open().send(connect("Login:bob", "PASSCODE:sesame"));
    assertThat(client.expect("CONNECTED").header("user-name")).isEqualTo("bob");
  }

  @Test
  void takesATokenForAPasscode() {
    open().send(connect("passcode:" + token(TokenMaker.ann())));
    assertThat(client.expect("CONNECTED").header("user-name")).isEqualTo("ann");
  }

  @Test
  void knowsThoseOfTheConfiguration() {
    open().send(connect("login:bob", "passcode:sesame"));
    assertThat(client.expect("CONNECTED").header("user-name")).isEqualTo("bob");
  }

  @Test
  void refusesAWrongPasscode() {
    refused("login or the passcode is wrong", UNAUTHORIZED, "login:bob", "passcode:Sesame");
  }

  @Test
  void refusesATokenWithoutSignature() {
    String forged =
        TokenMaker.forged("{\"alg\":\"none\"}", "{\"sub\":\"ann\",\"exp\":99999999999}", "");
    refused("token", UNAUTHORIZED, "Authorization:Bearer " + forged);
  }

  @Test
  void refusesATokenThatHasExpired() {
    String old =
        token(
            new JWTClaimsSet.Builder()
                .subject("ann")
                .expirationTime(Date.from(Instant.now().minusSeconds(3600))));
    refused("expired", UNAUTHORIZED, "Authorization:Bearer " + old);
  }

  @Test
  void servesFramesThatCameBeforeTheTokenWasChecked() {
    open()
        .send(
            connect("Authorization:Bearer " + token(TokenMaker.ann()))
                + "SUBSCRIBE\nid:1\ndestination:/topic/open/early\nreceipt:r\n\n\0");
    client.expect("CONNECTED");
    client.expect("RECEIPT", "receipt-id:r");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/topic/other",
        "/topic/team.red/plans",
        "/topic/team.blue.red/plans",
        "/topic/team./plans",
        "/topic/team.%62lue/plans",
        "/topic/OPEN/a",
        "/ephemeral/open/a"
      })
  void refusesToSubscribeWithoutAGrant(String destination) {
    connected(TokenMaker.ann().claim("team", "blue"));
    forbidden("SUBSCRIBE\nid:1\ndestination:" + destination + "\n\n\0", "may not subscribe");
  }

  @Test
  void checksThePolicyOnResumeToo() {
    connected(TokenMaker.ann());
    forbidden(
        "SUBSCRIBE\nid:1\ndestination:/topic/other\nresume-after:*\n\n\0", "may not subscribe");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/topic/other",
        "/topic/news",
        "/user/bob/queue/x",
        "/user/ann/queue/x",
        "/topic/team.red/x"
      })
  void refusesToSendWithoutAGrant(String destination) {
    connected(TokenMaker.ann().claim("team", "blue"));
    forbidden("SEND\ndestination:" + destination + "\n\nx\0", "may not send");
  }

  @Test
  void refusesASendInATransactionWhenItIsCommitted() {
    connected(TokenMaker.ann());
    client.send("BEGIN\ntransaction:t\n\n\0");
    client.send("SEND\ndestination:/topic/other\ntransaction:t\n\nx\0");
    forbidden("COMMIT\ntransaction:t\n\n\0", "may not send");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/app//chat", "/app/../x", "/app/x/"})
  void refusesApplicationDestinationsThatSpringWouldReadDifferently(String destination) {
    connected(TokenMaker.ann());
    forbidden("SEND\ndestination:" + destination + "\n\nx\0", "may not send");
  }

  @Test
  void grantsByRoleAndByClaim() {
    connected(TokenMaker.ann().claim("team", "blue").claim("roles", List.of("editor")));
    client.subscribe("1", "/topic/team.blue/plans");
    client.subscribe("2", "/topic/news");
    client.publish("/topic/team.blue/plans", "a");
    client.expectMessage("a");
    client.publish("/topic/news", "b");
    client.expectMessage("b");
  }

  @Test
  void hearsItsOwnUserDestination() {
    connected(TokenMaker.ann());
    client.subscribe("1", "/user/queue/x");
    client.subscribe("2", "/user/bob/queue/x"); // Ann's own, whatever it is called
    assertThat(node.publish("{\"user\":\"bob\",\"destination\":\"/queue/x\",\"body\":\"bob's\"}"))
        .isEqualTo(200);
    assertThat(node.publish("{\"user\":\"ann\",\"destination\":\"/queue/x\",\"body\":\"ann's\"}"))
        .isEqualTo(200);
    client.expect("MESSAGE", "subscription:1");
  }

  @Test
  void closesWhenTheTokenEnds() {
    connected(
        new JWTClaimsSet.Builder()
            .subject("ann")
            .expirationTime(Date.from(Instant.now().plusSeconds(2))));
    StompFrame error = client.expect("ERROR");
    assertThat(error.header("message")).contains("expired");
    assertThat(client.expectClose()).isEqualTo(TOKEN_EXPIRED);
  }

  @Test
  void goesOnWithAFreshToken() {
    connected(
        new JWTClaimsSet.Builder()
            .subject("ann")
            .expirationTime(Date.from(Instant.now().plusSeconds(2))));
    client.publishConfirmed("/app/session/token", token(TokenMaker.ann()));
    client.expectNothing(Duration.ofSeconds(4));
    client.subscribe("1", "/topic/open/a");
  }

  @Test
  void aFreshTokenThatEndsEarlierCounts() {
    connected(TokenMaker.ann());
    client.publishConfirmed(
        "/app/session/token",
        token(
            new JWTClaimsSet.Builder()
                .subject("ann")
                .expirationTime(Date.from(Instant.now().plusSeconds(2)))));
    assertThat(client.expect("ERROR").header("message")).contains("expired");
    assertThat(client.expectClose()).isEqualTo(TOKEN_EXPIRED);
  }

  @Test
  void aFreshTokenEndsWhatItDoesNotGrantAnyMore() {
    connected(TokenMaker.ann().claim("team", "blue"));
    client.subscribe("1", "/topic/open/a");
    client.subscribe("2", "/topic/team.blue/plans");
    client.publishConfirmed("/app/session/token", token(TokenMaker.ann().claim("team", "blue")));
    client.publish("/app/session/token", token(TokenMaker.ann().claim("team", "red")));
    assertThat(client.expect("ERROR").header("message"))
        .isEqualTo("You may not subscribe to /topic/team.blue/plans.");
    assertThat(client.expectClose()).isEqualTo(FORBIDDEN);
  }

  @Test
  void refusesAFreshTokenThatNoConnectCouldBring() {
    connected(TokenMaker.ann());
    client.publish("/app/session/token", "e".repeat(100_000));
    assertThat(client.expect("ERROR").header("message")).contains("at most 16384 bytes");
    assertThat(client.expectClose()).isEqualTo(UNAUTHORIZED);
  }

  /** What CONNECT may bring, where its limit was raised, a renewal may bring too. */
  @Test
  void renewsATokenOfMoreThan8KbWhereConnectTakesOne() {
    List<String> roles = IntStream.range(1000, 1900).mapToObj(i -> "role-" + i).toList();
    String large = token(TokenMaker.ann().claim("roles", roles));
    assertThat(large.length()).isBetween(8192 + 1, 16 * 1024 - 100);
    open().connect("1.2", "Authorization:Bearer " + large);
    client.publishConfirmed("/app/session/token", large);
  }

  @Test
  void refusesAFreshTokenOfAnotherUser() {
    connected(TokenMaker.ann());
    client.publish(
        "/app/session/token",
        token(
            new JWTClaimsSet.Builder()
                .subject("eve")
                .expirationTime(Date.from(Instant.now().plusSeconds(600)))));
    assertThat(client.expect("ERROR").header("message")).contains("another user");
    assertThat(client.expectClose()).isEqualTo(UNAUTHORIZED);
  }

  private StompClient open() {
    client = StompClient.open(node.port(), Carriage.TEXT, "v12.stomp");
    return client;
  }

  private void connected(JWTClaimsSet.Builder claims) {
    open().connect("1.2", "Authorization:Bearer " + token(claims));
  }

  private void refused(String sentence, int code, String... headers) {
    open().send(connect(headers));
    assertThat(client.expect("ERROR").header("message"))
        .contains(sentence)
        .as("STOMP.js reads no escapes before CONNECTED")
        .doesNotContain(":");
    assertThat(client.expectClose()).isEqualTo(code);
  }

  private void forbidden(String frame, String sentence) {
    client.send(frame);
    assertThat(client.expect("ERROR").header("message")).contains(sentence);
    assertThat(client.expectClose()).isEqualTo(FORBIDDEN);
  }

  private static String connect(String... headers) {
    return "CONNECT\naccept-version:1.2\nhost:h\n"
        + String.join("\n", headers)
        + (headers.length == 0 ? "" : "\n")
        + "\n\0";
  }

  private static String token(JWTClaimsSet.Builder claims) {
    return TokenMaker.hmac(claims);
  }
}
