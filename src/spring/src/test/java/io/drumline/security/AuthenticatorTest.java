package io.drumline.security;

import static io.drumline.security.TokenMaker.ann;
import static io.drumline.security.TokenMaker.base64;
import static io.drumline.security.TokenMaker.ec;
import static io.drumline.security.TokenMaker.edwards;
import static io.drumline.security.TokenMaker.file;
import static io.drumline.security.TokenMaker.forged;
import static io.drumline.security.TokenMaker.hmac;
import static io.drumline.security.TokenMaker.pem;
import static io.drumline.security.TokenMaker.rsa;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.JWSAlgorithm;
import io.drumline.security.Authenticator.Anonymous;
import io.drumline.security.Login.Accepted;
import io.drumline.security.Login.Reason;
import io.drumline.security.Login.Refused;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AuthenticatorTest {
  private final MeterRegistry meters = new SimpleMeterRegistry();
  private final List<Authenticator> all = new ArrayList<>();
  private Authenticator authenticator = using();

  private final Path directory;

  AuthenticatorTest(@TempDir Path directory) {
    this.directory = directory;
  }

  @AfterEach
  void stop() {
    all.forEach(Authenticator::close);
  }

  /** One with a secret for tokens, unless other settings are given. */
  private Authenticator using(String... settings) {
    String[] used = settings.length > 0 ? settings : new String[] {"jwt.secret", TokenMaker.SECRET};
    authenticator = new Authenticator(Settings.of(used), Anonymous.REFUSED, meters);
    all.add(authenticator);
    return authenticator;
  }

  private Login check(Credentials shown) {
    return authenticator.check(shown).toCompletableFuture().join();
  }

  private Login bearer(String token) {
    return check(new Credentials("Bearer " + token, null, null));
  }

  private Login login(String login, String passcode) {
    return check(new Credentials(null, login, passcode));
  }

  private static Identity accepted(Login login) {
    assertThat(login).isInstanceOf(Accepted.class);
    return ((Accepted) login).identity();
  }

  private static void assertRefused(Login login, Reason reason) {
    assertThat(login).isInstanceOf(Refused.class);
    assertThat(((Refused) login).reason()).isEqualTo(reason);
    assertThat(((Refused) login).sentence()).matches("[A-Z].*\\.");
    assertThat(((Refused) login).sentence())
        .as("STOMP.js reads no escapes yet")
        .doesNotContain(":");
  }

  @Test
  void readsWhoItIsFromTheToken() {
    Identity ann =
        accepted(
            bearer(
                hmac(
                    ann()
                        .jwtID("t-1")
                        .claim("roles", List.of("editor", "admin"))
                        .claim("scope", "chat.read chat.write")
                        .claim("team", "red"))));
    assertThat(ann.name()).isEqualTo("ann");
    assertThat(ann.roles()).containsExactlyInAnyOrder("editor", "admin");
    assertThat(ann.scopes()).containsExactlyInAnyOrder("chat.read", "chat.write");
    assertThat(ann.claim("team")).containsExactly("red");
    assertThat(ann.tokenId()).isEqualTo("t-1");
    assertThat(ann.expiresAt()).isAfter(Instant.now());
  }

  @Test
  void takesATokenAsThePasscodeToo() {
    assertThat(accepted(login("whoever", hmac(ann()))).name()).isEqualTo("ann");
    assertThat(accepted(check(new Credentials(null, null, hmac(ann())))).name()).isEqualTo("ann");
  }

  @Test
  void readsTheClaimsThatAreConfigured() {
    using(
        "jwt.secret", TokenMaker.SECRET,
        "jwt.name-claim", "email",
        "jwt.roles-claim", "realm_access.roles",
        "jwt.scope-claim", "scp");
    Identity ann =
        accepted(
            bearer(
                hmac(
                    ann()
                        .claim("email", "ann@example.org")
                        .claim("realm_access", Map.of("roles", List.of("editor")))
                        .claim("scp", List.of("a", "b")))));
    assertThat(ann.name()).isEqualTo("ann@example.org");
    assertThat(ann.roles()).containsExactly("editor");
    assertThat(ann.scopes()).containsExactlyInAnyOrder("a", "b");
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "None", "NONE", "nOnE"})
  void refusesUnsignedTokens(String none) {
    String header = "{\"alg\":\"" + none + "\"}";
    String claims = "{\"sub\":\"ann\",\"exp\":9999999999}";
    for (String signature : List.of("", base64("x"))) {
      assertThat(((Refused) bearer(forged(header, claims, signature))).reason())
          .isIn(Reason.WRONG_ALGORITHM, Reason.MALFORMED_TOKEN);
    }
  }

  @Test
  void refusesAPublicKeyAsASecret() {
    using("jwt.public-key", file(directory, TokenMaker.RSA.getPublic()));
    byte[] published = pem(TokenMaker.RSA.getPublic()).getBytes(UTF_8);
    byte[] encoded = TokenMaker.RSA.getPublic().getEncoded();
    assertRefused(bearer(hmac(ann(), JWSAlgorithm.HS256, published)), Reason.WRONG_ALGORITHM);
    assertRefused(bearer(hmac(ann(), JWSAlgorithm.HS256, encoded)), Reason.WRONG_ALGORITHM);
    assertThat(accepted(bearer(rsa(ann(), TokenMaker.RSA, "any-id"))).name()).isEqualTo("ann");
  }

  @Test
  void refusesAlgorithmsThatAreNotPinned() {
    assertRefused(
        bearer(hmac(ann(), JWSAlgorithm.HS512, "x".repeat(64).getBytes(UTF_8))),
        Reason.WRONG_ALGORITHM);
    using("jwt.secret", "x".repeat(64));
    assertRefused(
        bearer(hmac(ann(), JWSAlgorithm.HS512, "x".repeat(64).getBytes(UTF_8))),
        Reason.WRONG_ALGORITHM);
    using("jwt.secret", "x".repeat(64), "jwt.algorithms", "HS512");
    accepted(bearer(hmac(ann(), JWSAlgorithm.HS512, "x".repeat(64).getBytes(UTF_8))));
  }

  @Test
  void refusesOtherKeysAndChangedTokens() {
    String other = hmac(ann(), JWSAlgorithm.HS256, "x".repeat(32).getBytes(UTF_8));
    assertRefused(bearer(other), Reason.BAD_SIGNATURE);
    String[] parts = hmac(ann()).split("\\.", -1);
    String claims = base64("{\"sub\":\"admin\",\"exp\":9999999999}");
    assertRefused(bearer(parts[0] + '.' + claims + '.' + parts[2]), Reason.BAD_SIGNATURE);
  }

  @Test
  void refusesAKeyThatTheTokenBringsItself() {
    String header =
        "{\"alg\":\"HS256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"" + base64("x".repeat(32)) + "\"}}";
    String claims = "{\"sub\":\"ann\",\"exp\":9999999999}";
    assertRefused(bearer(forged(header, claims, base64("x".repeat(32)))), Reason.MALFORMED_TOKEN);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "..", "a.b.c", "eyJ.eyJ.x", "not a token", "\0", "é.é.é"})
  void refusesWhatIsNoToken(String token) {
    assertRefused(bearer(token), Reason.MALFORMED_TOKEN);
  }

  /** RFC 7519 (5.1): case does not matter, and {@code application/} may be there. */
  @ParameterizedTest
  @ValueSource(
      strings = {"JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "Application/JWT"})
  void takesAccessTokensHoweverTheirTypeIsSpelled(String type) {
    accepted(bearer(hmacOf("{\"alg\":\"HS256\",\"typ\":\"" + type + "\"}", CLAIMS)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"id_token+jwt", "application/logout+jwt", "text/jwt", "application/", "dpop+jwt"})
  void refusesTokensOfOtherTypes(String type) {
    assertRefused(
        bearer(hmacOf("{\"alg\":\"HS256\",\"typ\":\"" + type + "\"}", CLAIMS)), Reason.WRONG_TYPE);
  }

  /** Some issuers keep users by number. */
  @Test
  void takesAWholeNumberAsAName() {
    using("jwt.secret", TokenMaker.SECRET, "jwt.name-claim", "user_id");
    assertThat(accepted(bearer(hmac(ann().claim("user_id", 42)))).name()).isEqualTo("42");
    assertThat(accepted(bearer(hmac(ann().claim("user_id", 9007199254740993L)))).name())
        .isEqualTo("9007199254740993");
    assertRefused(bearer(hmac(ann().claim("user_id", 4.5))), Reason.BAD_NAME);
    assertRefused(bearer(hmac(ann().claim("user_id", true))), Reason.BAD_NAME);
    assertRefused(bearer(hmac(ann().claim("user_id", List.of("ann")))), Reason.BAD_NAME);
    assertRefused(bearer(hmacOf("{\"user_id\":1e300,\"exp\":4102444800}")), Reason.BAD_NAME);
    assertRefused(bearer(hmac(ann())), Reason.BAD_NAME);
  }

  /** Else a token within the skew would be accepted, and its socket closed in the same moment. */
  @Test
  void servesATokenUntilTheAllowedSkewHasPassed() {
    Instant end = Instant.now().minusSeconds(15);
    Identity late = accepted(bearer(hmac(ann().expirationTime(Date.from(end)))));
    assertThat(late.expiresAt()).isAfter(Instant.now().plusSeconds(10));
    assertThat(late.expiresAt()).isBefore(end.plusSeconds(31));
  }

  @Test
  void tellsAnExpiredTokenFromABadOne() {
    assertRefused(
        bearer(hmac(ann().expirationTime(Date.from(Instant.now().minusSeconds(31))))),
        Reason.EXPIRED_TOKEN);
    accepted(bearer(hmac(ann().expirationTime(Date.from(Instant.now().minusSeconds(5))))));
  }

  @Test
  void refusesTokensThatNeverExpireOrAreNotYetGood() {
    assertRefused(bearer(hmac(ann().expirationTime(null))), Reason.NO_EXPIRY);
    assertRefused(
        bearer(hmac(ann().notBeforeTime(Date.from(Instant.now().plusSeconds(60))))),
        Reason.NOT_YET_VALID);
  }

  @Test
  void checksIssuerAndAudience() {
    using(
        "jwt.secret", TokenMaker.SECRET,
        "jwt.issuer", "https://id.example.org",
        "jwt.audience", "chat");
    assertRefused(bearer(hmac(ann())), Reason.WRONG_ISSUER);
    assertRefused(
        bearer(hmac(ann().issuer("https://id.example.org").audience("shop"))),
        Reason.WRONG_AUDIENCE);
    assertRefused(bearer(hmac(ann().issuer("https://evil").audience("chat"))), Reason.WRONG_ISSUER);
    accepted(
        bearer(hmac(ann().issuer("https://id.example.org").audience(List.of("shop", "chat")))));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "a\nb", "a\0"})
  void refusesNamesThatAreNone(String name) {
    assertRefused(bearer(hmac(ann().subject(name))), Reason.BAD_NAME);
    assertRefused(bearer(hmac(ann().subject("x".repeat(129)))), Reason.BAD_NAME);
    assertRefused(bearer(hmac(ann().subject(null))), Reason.BAD_NAME);
  }

  /** As bytes, which is what the cluster shares, it would be another user's. */
  @Test
  void refusesNamesWithHalfACharacter() {
    assertRefused(bearer(hmacOf("{\"sub\":\"ann\\ud83d\",\"exp\":4102444800}")), Reason.BAD_NAME);
    assertThat(
            accepted(bearer(hmacOf("{\"sub\":\"ann\\ud83d\\ude00\",\"exp\":4102444800}"))).name())
        .isEqualTo("ann\ud83d\ude00");
  }

  @Test
  void refusesIdsByWhichNoTokenCouldBeRevoked() {
    assertRefused(bearer(hmac(ann().jwtID("x".repeat(257)))), Reason.BAD_TOKEN_ID);
    assertRefused(bearer(hmac(ann().jwtID(" "))), Reason.BAD_TOKEN_ID);
    assertRefused(bearer(hmac(ann().jwtID("a\nb"))), Reason.BAD_TOKEN_ID);
    accepted(bearer(hmac(ann().jwtID("x".repeat(256)))));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"alg\":\"HS256\",\"crit\":[\"exp\"],\"exp\":1}",
        "{\"alg\":\"HS256\",\"crit\":[\"b64\"],\"b64\":false}",
        "{\"alg\":\"HS256\",\"crit\":[\"x\"],\"x\":1}",
        "{\"alg\":\"HS256\",\"typ\":\"logout+jwt\"}",
        "{\"alg\":\"hs256\"}",
        "{\"alg\":\"HS256\",\"alg\":\"none\"}",
        "{\"alg\":\"HS512\"}",
        "{\"alg\":\"dir\",\"enc\":\"A128GCM\"}"
      })
  void refusesHeadersThatChangeWhatASignatureMeans(String header) {
    assertThat(((Refused) bearer(hmacOf(header, CLAIMS))).reason())
        .isIn(Reason.MALFORMED_TOKEN, Reason.WRONG_TYPE, Reason.WRONG_ALGORITHM);
    accepted(bearer(hmacOf("{\"alg\":\"HS256\"}", CLAIMS)));
  }

  /** Nothing is fetched and nothing opened for where a token says that its key is. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"alg\":\"HS256\",\"kid\":\"../../../dev/null\"}",
        "{\"alg\":\"HS256\",\"jku\":\"http://127.0.0.1:1/keys\"}",
        "{\"alg\":\"HS256\",\"x5u\":\"http://127.0.0.1:1/cert\"}"
      })
  void takesNoKeyFromElsewhere(String header) {
    accepted(bearer(hmacOf(header, CLAIMS)));
    String token = hmacOf(header, CLAIMS);
    assertRefused(
        bearer(token.substring(0, token.lastIndexOf('.')) + "." + base64("\0".repeat(32))),
        Reason.BAD_SIGNATURE);
  }

  private static final String CLAIMS = "{\"sub\":\"ann\",\"exp\":4102444800}";

  private static String hmacOf(String claims) {
    return hmacOf("{\"alg\":\"HS256\"}", claims);
  }

  /** Signed with the right key, whatever is in it. */
  private static String hmacOf(String header, String claims) {
    String signed = base64(header) + '.' + base64(claims);
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(TokenMaker.SECRET.getBytes(UTF_8), "HmacSHA256"));
      byte[] signature = mac.doFinal(signed.getBytes(UTF_8));
      return signed + '.' + Base64.getUrlEncoder().withoutPadding().encodeToString(signature);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void checksTokensWithAnEllipticKey() {
    using("jwt.public-key", file(directory, TokenMaker.EC.getPublic()), "jwt.algorithms", "ES256");
    assertThat(accepted(bearer(ec(ann()))).name()).isEqualTo("ann");
    assertRefused(bearer(rsa(ann(), TokenMaker.RSA, "k")), Reason.WRONG_ALGORITHM);
  }

  @ParameterizedTest
  @ValueSource(strings = {"EdDSA", "Ed25519"})
  void checksTokensWithAnEd25519Key(String algorithm) {
    KeyPair keys = TokenMaker.keys("Ed25519");
    using("jwt.public-key", file(directory, keys.getPublic()), "jwt.algorithms", algorithm);
    String good = edwards(algorithm, keys, CLAIMS);
    assertThat(accepted(bearer(good)).name()).isEqualTo("ann");
    assertRefused(
        bearer(edwards(algorithm, TokenMaker.keys("Ed25519"), CLAIMS)), Reason.BAD_SIGNATURE);
    String[] parts = good.split("\\.", -1);
    String other = base64("{\"sub\":\"root\",\"exp\":4102444800}");
    assertRefused(bearer(parts[0] + '.' + other + '.' + parts[2]), Reason.BAD_SIGNATURE);
    assertRefused(bearer(parts[0] + '.' + parts[1] + '.'), Reason.MALFORMED_TOKEN);
    assertRefused(bearer(parts[0] + '.' + parts[1] + ".AAAA"), Reason.BAD_SIGNATURE);
    assertRefused(bearer(hmac(ann())), Reason.WRONG_ALGORITHM);
  }

  @Test
  void doesNotStartWithAKeyThatDoesNotFit() {
    assertThatThrownBy(() -> using("jwt.public-key", file(directory, TokenMaker.EC.getPublic())))
        .hasMessage(
            "drumline.security.jwt.algorithms contains RS256, which does not go with the EC key of"
                + " drumline.security.jwt.public-key: set it to ES256.");
    String edwards = file(directory, TokenMaker.keys("Ed25519").getPublic());
    assertThatThrownBy(() -> using("jwt.public-key", edwards, "jwt.algorithms", "ES256"))
        .hasMessageEndingWith("set it to EdDSA or Ed25519.");
  }

  @Test
  void checksLoginAndPasscode() {
    using(
        "users[0].login", "ann",
        "users[0].password", Settings.SESAME,
        "users[0].roles", "editor",
        "users[1].login", "bob",
        "users[1].password", "{bcrypt}" + Settings.SESAME);
    assertThat(accepted(login("ann", "sesame")).roles()).containsExactly("editor");
    assertThat(accepted(login("bob", "sesame")).name()).isEqualTo("bob");
    assertRefused(login("ann", "wrong"), Reason.BAD_PASSWORD);
    assertRefused(login("eve", "sesame"), Reason.BAD_PASSWORD);
    assertRefused(login("ann", ""), Reason.BAD_PASSWORD);
    assertRefused(login("ann", Settings.SESAME), Reason.BAD_PASSWORD);
    assertRefused(login("ann", "sesame" + "x".repeat(100)), Reason.BAD_PASSWORD);
    assertRefused(check(new Credentials(null, "ann", null)), Reason.BAD_PASSWORD);
    assertRefused(bearer(hmac(ann())), Reason.WRONG_CREDENTIALS);
  }

  @Test
  void takesTokensBesidePasswords() {
    using(
        "jwt.secret", TokenMaker.SECRET,
        "users[0].login", "bob",
        "users[0].password", Settings.SESAME);
    assertThat(accepted(login("guest", hmac(ann()))).name()).isEqualTo("ann");
    assertThat(accepted(login("bob", "sesame")).name()).isEqualTo("bob");
    assertRefused(login("bob", hmac(ann())), Reason.BAD_PASSWORD);
  }

  @Test
  void refusesOtherSchemes() {
    assertRefused(check(new Credentials("Basic YTpi", null, null)), Reason.WRONG_SCHEME);
    accepted(check(new Credentials("bearer " + hmac(ann()), null, null)));
  }

  @Test
  void refusesAnonymousClientsUnlessTheyAreAllowed() {
    assertRefused(check(Credentials.NONE), Reason.NO_CREDENTIALS);
    authenticator =
        new Authenticator(Settings.of("jwt.secret", TokenMaker.SECRET), Anonymous.ALLOWED, meters);
    all.add(authenticator);
    assertThat(accepted(check(Credentials.NONE)).anonymous()).isTrue();
    assertThat(accepted(check(new Credentials(null, "", ""))).anonymous()).isTrue();
    assertRefused(bearer("bad"), Reason.MALFORMED_TOKEN);
    assertRefused(check(new Credentials("", null, null)), Reason.WRONG_SCHEME);
    assertRefused(login("guest", "guest"), Reason.WRONG_CREDENTIALS);
  }

  @Test
  void ignoresCredentialsWhereNothingCanCheckThem() {
    authenticator = new Authenticator(Settings.of(), Anonymous.ALLOWED, meters);
    all.add(authenticator);
    assertThat(accepted(login("guest", "guest")).anonymous()).isTrue();
  }

  @Test
  void doesNotStartWhereNobodyCouldConnect() {
    assertThatThrownBy(() -> new Authenticator(Settings.of(), Anonymous.REFUSED, meters))
        .isInstanceOf(WrongSettingException.class)
        .hasMessageContaining("drumline.security.anonymous=true");
  }

  @Test
  void refusesLoginsBeyondThoseThatItCanCheck() {
    using("users[0].login", "ann", "users[0].password", Settings.SESAME);
    List<CompletableFuture<Login>> checks = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      checks.add(authenticator.check(new Credentials(null, "ann", "wrong")).toCompletableFuture());
    }
    assertThat(checks)
        .extracting(CompletableFuture::join)
        .anySatisfy(login -> assertRefused(login, Reason.BUSY));
    assertThat(Reason.BUSY.mayRetry()).isTrue();
  }

  @Test
  void countsEveryOutcome() {
    bearer(hmac(ann()));
    bearer("bad");
    check(Credentials.NONE);
    assertThat(authentications("accepted", "token")).isEqualTo(1);
    assertThat(authentications("refused", "malformed_token")).isEqualTo(1);
    assertThat(authentications("refused", "no_credentials")).isEqualTo(1);
    assertThat(authentications("accepted", "anonymous")).isZero();
    assertThat(authentications("unavailable", "busy")).isZero();
    assertThat(authentications("unavailable", "keys_unavailable")).isZero();
  }

  private double authentications(String outcome, String reason) {
    return meters
        .get("drumline.authentications")
        .tags("outcome", outcome, "reason", reason)
        .counter()
        .count();
  }

  @Test
  void keepsCredentialsOutOfTheLog() {
    assertThat(new Credentials("Bearer s3cret", "ann", "s3cret").toString())
        .doesNotContain("s3cret");
    assertThat(Settings.of("jwt.secret", TokenMaker.SECRET).toString())
        .doesNotContain(TokenMaker.SECRET);
    assertThat(Settings.of("users[0].login", "a", "users[0].password", Settings.SESAME).toString())
        .doesNotContain(Settings.SESAME);
  }
}
