package io.drumline.security;

import static io.drumline.security.TokenMaker.ann;
import static io.drumline.security.TokenMaker.edwards;
import static io.drumline.security.TokenMaker.rsa;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.nimbusds.jwt.JWTClaimsSet;
import io.drumline.security.Authenticator.Anonymous;
import io.drumline.security.Login.Accepted;
import io.drumline.security.Login.Reason;
import io.drumline.security.Login.Refused;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** Keys from an issuer's URL, on a real HTTP server. */
class PublishedKeysTest {
  private static final KeyPair NEXT = TokenMaker.keys("RSA", 2048);

  private final AtomicLong clock = new AtomicLong();
  private final Issuer issuer = new Issuer();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final Logger logger = (Logger) LoggerFactory.getLogger("io.drumline.security");
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();
  private Authenticator authenticator;

  @BeforeEach
  void start() {
    log.start();
    logger.addAppender(log);
    authenticator = using("jwt.algorithms", "RS256,EdDSA");
    issuer.publish(Issuer.rsa(TokenMaker.RSA, "one"));
  }

  private Authenticator using(String... more) {
    String[] settings = {
      "jwt.jwks-uri", issuer.uri(), "jwt.audience", "chat", more[0], more[1],
    };
    return new Authenticator(Settings.of(settings), Anonymous.REFUSED, meters, clock::get);
  }

  @AfterEach
  void stop() {
    authenticator.close();
    issuer.close();
    logger.detachAppender(log);
    logger.setLevel(null);
  }

  private CompletableFuture<Login> check(String token) {
    return authenticator
        .check(new Credentials("Bearer " + token, null, null))
        .toCompletableFuture();
  }

  private void assertAccepted(String token) {
    assertThat(check(token).join()).isInstanceOf(Accepted.class);
  }

  private void assertRefused(String token, Reason reason) {
    assertThat(check(token).join())
        .isInstanceOfSatisfying(
            Refused.class, refused -> assertThat(refused.reason()).isEqualTo(reason));
  }

  private void pass(Duration time) {
    clock.addAndGet(time.toNanos());
  }

  private static JWTClaimsSet.Builder claims() {
    return ann().audience("chat");
  }

  private static String one() {
    return rsa(claims(), TokenMaker.RSA, "one");
  }

  private static String next() {
    return rsa(claims(), NEXT, "next");
  }

  private double fetches(String outcome) {
    return meters.get("drumline.jwks.fetches").tag("outcome", outcome).counter().count();
  }

  private List<String> lines(Level level) {
    return log.list.stream()
        .filter(event -> event.getLevel() == level)
        .map(ILoggingEvent::getFormattedMessage)
        .toList();
  }

  @Test
  void followsTheIssuerToANewKey() {
    assertAccepted(one());
    assertAccepted(one());
    assertThat(issuer.fetches()).isEqualTo(1);

    issuer.publish(Issuer.rsa(NEXT, "next"));
    assertAccepted(next());
    assertThat(issuer.fetches()).isEqualTo(2);
    pass(IssuerKeys.PACE);
    assertRefused(one(), Reason.UNKNOWN_KEY);
  }

  /** Nobody is told "not valid" who was not judged, however many ask. */
  @Test
  void saysLaterToAllWhileTheIssuerIsDown() {
    issuer.kill();
    for (int i = 0; i < 5; i++) {
      assertThat(check(one()).join())
          .isEqualTo(
              new Refused(
                  Reason.KEYS_UNAVAILABLE, "Tokens cannot be checked now; try again later."));
    }
    assertThat(Reason.KEYS_UNAVAILABLE.mayRetry()).isTrue();
    assertThat(fetches("failure")).isEqualTo(1);

    issuer.restart();
    assertRefused(one(), Reason.KEYS_UNAVAILABLE); // the node does not hammer it
    pass(IssuerKeys.PAUSE);
    assertAccepted(one());
    assertThat(lines(Level.INFO)).anyMatch(line -> line.contains("can be fetched again"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "<html>", "{}", "{\"keys\":7}", "{\"keys\":[]}", "{\"keys\":[{}]}"})
  void isNotJudgedByAnAnswerWithoutKeys(String body) {
    issuer.publish(body);
    for (int i = 0; i < 3; i++) {
      assertRefused(one(), Reason.KEYS_UNAVAILABLE);
    }
    issuer.publish(Issuer.rsa(TokenMaker.RSA, "one"));
    pass(IssuerKeys.PAUSE);
    assertAccepted(one());
    pass(IssuerKeys.FRESH);
    issuer.publish(body);
    assertAccepted(one()); // by the keys of before
  }

  @Test
  void saysLaterToANewKeyWhileTheIssuerFailsAndKnowsTheOldOne() {
    assertAccepted(one());
    issuer.answerWith(503);
    for (int i = 0; i < 5; i++) {
      assertRefused(next(), Reason.KEYS_UNAVAILABLE);
      assertAccepted(one());
    }
    issuer.answerWith(200);
    issuer.publish(Issuer.rsa(TokenMaker.RSA, "one"), Issuer.rsa(NEXT, "next"));
    pass(IssuerKeys.PAUSE);
    assertAccepted(next());
  }

  /** Unknown keys that anybody can name must not make a new key "not valid". */
  @Test
  void saysLaterToANewKeySoonAfterUnknownOnes() {
    assertAccepted(one());
    pass(IssuerKeys.PACE);
    assertRefused(rsa(claims(), TokenMaker.RSA, "unknown-1"), Reason.UNKNOWN_KEY);
    assertRefused(rsa(claims(), TokenMaker.RSA, "unknown-2"), Reason.UNKNOWN_KEY);
    issuer.publish(Issuer.rsa(TokenMaker.RSA, "one"), Issuer.rsa(NEXT, "next"));
    assertRefused(next(), Reason.KEYS_UNAVAILABLE);
    pass(IssuerKeys.PACE);
    assertAccepted(next());
  }

  @Test
  void doesNotAskTheIssuerForEveryUnknownKey() {
    for (int i = 0; i < 20; i++) {
      assertThat(check(rsa(claims(), TokenMaker.RSA, "unknown-" + i)).join())
          .isInstanceOf(Refused.class);
    }
    assertThat(issuer.fetches()).isEqualTo(2);
  }

  /** Whatever no key could make good needs no key, and no issuer that is up. */
  @Test
  void refusesWithoutTheIssuerWhatNoKeyCouldMakeValid() {
    issuer.kill();
    Date past = Date.from(Instant.now().minusSeconds(60));
    assertRefused(rsa(claims().expirationTime(past), TokenMaker.RSA, "one"), Reason.EXPIRED_TOKEN);
    assertRefused(rsa(ann().audience("shop"), TokenMaker.RSA, "one"), Reason.WRONG_AUDIENCE);
    assertThat(fetches("failure")).isZero();
  }

  @Test
  void isNotBlindedByOneKeyThatCannotBeRead() {
    String good = Issuer.rsa(TokenMaker.RSA, "one").toJSONString();
    issuer.publish(
        "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"broken\",\"n\":\"AQAB\"},7,"
            + "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"kid\":\"enc\",\"use\":\"enc\",\"x\":\"AA\"},"
            + good
            + ",{\"kty\":\"new\",\"kid\":\"later\"}]}");
    assertAccepted(one());
    pass(IssuerKeys.FRESH);
    assertAccepted(one());
    assertThat(issuer.fetches()).isEqualTo(2);
    assertThat(lines(Level.WARN)).filteredOn(line -> line.contains("'broken'")).hasSize(1);
    assertThat(lines(Level.WARN)).filteredOn(line -> line.contains("'later'")).hasSize(1);
    assertThat(lines(Level.WARN)).filteredOn(line -> line.contains("'enc'")).isEmpty();
  }

  @Test
  void knowsEd25519KeysOfASet() {
    KeyPair keys = TokenMaker.keys("Ed25519");
    issuer.publish(
        Issuer.rsa(TokenMaker.RSA, "one"),
        Issuer.edwards(keys, "ed"),
        Issuer.elliptic(TokenMaker.EC, "ec"));
    String claims = "{\"sub\":\"ann\",\"aud\":\"chat\",\"exp\":4102444800}";
    assertAccepted(edwards("EdDSA", keys, claims));
    assertAccepted(one());
    assertRefused(edwards("EdDSA", TokenMaker.keys("Ed25519"), claims), Reason.BAD_SIGNATURE);
    assertRefused(edwards("Ed25519", keys, claims), Reason.WRONG_ALGORITHM);
  }

  @Test
  void believesAWithdrawnKeyForFiveMinutesAtMost() {
    issuer.publish(Issuer.rsa(TokenMaker.RSA, "one"), Issuer.rsa(NEXT, "next"));
    assertAccepted(next());
    issuer.publish(Issuer.rsa(TokenMaker.RSA, "one"));
    pass(IssuerKeys.FRESH.minusSeconds(1));
    assertAccepted(next());
    pass(Duration.ofSeconds(1));
    assertRefused(next(), Reason.UNKNOWN_KEY);
  }

  @Test
  void usesKnownKeysForFourHoursWithoutTheIssuer() {
    assertAccepted(one());
    issuer.kill();
    pass(IssuerKeys.OUTAGE.minusSeconds(1));
    assertAccepted(one());
    pass(Duration.ofSeconds(1));
    assertRefused(one(), Reason.KEYS_UNAVAILABLE);
  }

  /** Neither the caller's thread waits for the issuer, nor those whose key is known. */
  @Test
  void holdsUpNobodyElseWhileTheIssuerHangs() {
    assertAccepted(one());
    issuer.hang();
    List<CompletableFuture<Login>> waiting =
        IntStream.range(0, 100).mapToObj(i -> check(next())).toList();
    assertAccepted(one());
    assertThat(waiting).noneMatch(CompletableFuture::isDone);
    issuer.publish(Issuer.rsa(TokenMaker.RSA, "one"), Issuer.rsa(NEXT, "next"));
    issuer.goOn();
    assertThat(waiting).extracting(CompletableFuture::join).hasOnlyElementsOfType(Accepted.class);
    assertThat(issuer.fetches()).isEqualTo(2);
  }

  @Test
  void saysWhyInTheLogOnceAMinuteAndEachTimeAtDebug() {
    logger.setLevel(Level.DEBUG);
    String token = rsa(ann().audience("shop\nx").issuer("https://id.example.org"), NEXT, "next");
    for (int i = 0; i < 3; i++) {
      assertRefused(token, Reason.WRONG_AUDIENCE);
    }
    String details =
        "the token's aud does not contain drumline.security.jwt.audience, 'chat' (alg 'RS256',"
            + " kid 'next', iss 'https://id.example.org', aud '[shop?x]')";
    assertThat(lines(Level.DEBUG)).filteredOn(line -> line.contains(details)).hasSize(3);
    assertThat(lines(Level.WARN))
        .containsExactly("A client was refused: " + details + " [wrong_audience]");
    pass(Duration.ofMinutes(1));
    assertRefused(token, Reason.WRONG_AUDIENCE);
    assertThat(lines(Level.WARN))
        .hasSize(2)
        .last()
        .asString()
        .endsWith("[wrong_audience], and 2 more since the last line about this reason");
    assertThat(log.list)
        .extracting(ILoggingEvent::getFormattedMessage)
        .noneMatch(line -> line.contains(token.split("\\.", -1)[2]));
  }
}
