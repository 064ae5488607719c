package io.drumline.security;

import com.nimbusds.jose.Algorithm;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jwt.JWT;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.JWTParser;
import com.nimbusds.jwt.SignedJWT;
import io.drumline.security.IssuerKeys.Answer;
import io.drumline.security.IssuerKeys.Found;
import io.drumline.security.IssuerKeys.Unavailable;
import io.drumline.security.Login.Accepted;
import io.drumline.security.Login.Reason;
import io.drumline.security.Login.Refused;
import io.drumline.security.SecurityProperties.Jwt;
import io.micrometer.core.instrument.MeterRegistry;
import java.math.BigInteger;
import java.security.Key;
import java.text.ParseException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.core.convert.converter.Converter;
import org.springframework.security.oauth2.jwt.MappedJwtClaimSetConverter;

/**
 * Checks JSON Web Tokens: algorithm, type, issuer, audience, times and signature. A token must have
 * an expiry: its connection is closed then, and its revocation is stored until then.
 *
 * <p>Whatever makes a token invalid with any key is checked before looking up the key: so an
 * expired token is rejected as such while the issuer is unavailable, and a token of another issuer
 * causes no fetch.
 */
final class Tokens implements AutoCloseable {
  private static final int MAX_NAME = 128;

  /** The longest id that can be named in a revocation. */
  private static final int MAX_ID = 256;

  /** RFC 7519 (5.1) and RFC 9068 (4); {@code application/} may be omitted. */
  private static final Set<String> TYPES = Set.of("jwt", "at+jwt");

  /** Converts registered claims to Java types, for rules and application code. */
  private static final Converter<Map<String, Object>, Map<String, Object>> CLAIMS =
      MappedJwtClaimSetConverter.withDefaults(Map.of());

  /** The sentence for most errors: the details are logged for the operator only. */
  private static final String INVALID = "The token is not valid here.";

  private final Jwt properties;
  private final Refusals refusals;

  /** The configured key; null if the issuer publishes its keys. */
  private final @Nullable Key key;

  private final @Nullable IssuerKeys published;

  /**
   * @param threads runs checks that waited for the issuer
   * @param clock {@link System#nanoTime}
   * @throws WrongSettingException with the name of the wrong property
   */
  Tokens(
      Jwt properties,
      Refusals refusals,
      Executor threads,
      LongSupplier clock,
      MeterRegistry registry) {
    this.properties = properties;
    this.refusals = refusals;
    if (properties.jwksUri() == null) {
      key = TokenKeys.configured(properties);
      published = null;
    } else {
      key = null;
      published =
          new IssuerKeys(
              "drumline.security.jwt.jwks-uri (" + properties.jwksUri() + ")",
              new JwksClient(properties.jwksUri()),
              threads,
              clock,
              registry);
    }
  }

  /** A parsed signed token. */
  private record Token(SignedJWT jwt, JWTClaimsSet claims) {
    JWSHeader header() {
      return jwt.getHeader();
    }
  }

  /** The token is rejected: the reason is for the log, the metric and the client. */
  private final class Refusal extends Exception {
    private final Reason reason;

    Refusal(Reason reason, String detail) {
      super(detail, null, false, false);
      this.reason = reason;
    }

    Login login() {
      refusals.refused(reason, String.valueOf(getMessage()));
      return new Refused(
          reason,
          switch (reason) {
            case EXPIRED_TOKEN -> "The token has expired; get a new one.";
            case KEYS_UNAVAILABLE -> "Tokens cannot be checked now; try again later.";
            default -> INVALID;
          });
    }
  }

  /**
   * Checks a token.
   *
   * @return completes at once, or when the issuer has answered; fails if {@code threads} rejects
   *     the task
   */
  CompletionStage<Login> check(String text) {
    try {
      Token token = read(text);
      checkStatements(token);
      if (published == null) {
        return done(verified(token, key == null ? List.of() : List.of(key)));
      }
      return published.find(token.header()).thenApply(answer -> judged(token, answer));
    } catch (Refusal refusal) {
      return done(refusal.login());
    }
  }

  private static CompletionStage<Login> done(Login login) {
    return CompletableFuture.completedFuture(login);
  }

  private Login judged(Token token, Answer answer) {
    try {
      if (answer instanceof Found found) {
        return verified(token, found.keys());
      } else if (answer instanceof Unavailable unavailable) {
        throw refusal(
            Reason.KEYS_UNAVAILABLE,
            "the keys of drumline.security.jwt.jwks-uri cannot be fetched ("
                + unavailable.reason()
                + "), so the token cannot be checked",
            token);
      }
      throw refusal(
          Reason.UNKNOWN_KEY,
          "drumline.security.jwt.jwks-uri has no key for the token's kid and algorithm",
          token);
    } catch (Refusal refusal) {
      return refusal.login();
    }
  }

  private Token read(String text) throws Refusal {
    try {
      JWT token = JWTParser.parse(text);
      JWTClaimsSet claims = token instanceof SignedJWT ? token.getJWTClaimsSet() : null;
      if (token instanceof SignedJWT signed && claims != null) {
        return new Token(signed, claims);
      }
      Algorithm algorithm = token.getHeader().getAlgorithm();
      throw algorithm.equals(Algorithm.NONE)
          ? new Refusal(Reason.WRONG_ALGORITHM, "the token is not signed (alg none)")
          : new Refusal(Reason.MALFORMED_TOKEN, "the token is encrypted (alg " + algorithm + ")");
    } catch (ParseException | RuntimeException e) {
      throw new Refusal(
          Reason.MALFORMED_TOKEN, "the token cannot be read: " + LogText.quoted(e.getMessage()));
    }
  }

  /** Checks all but the signature. */
  private void checkStatements(Token token) throws Refusal {
    JWSHeader header = token.header();
    if (!properties.algorithms().contains(header.getAlgorithm().getName())) {
      throw refusal(
          Reason.WRONG_ALGORITHM,
          "the token's algorithm is not in drumline.security.jwt.algorithms, "
              + properties.algorithms(),
          token);
    }
    boolean critical = header.getCriticalParams() != null && !header.getCriticalParams().isEmpty();
    if (critical || !header.isBase64URLEncodePayload()) {
      throw refusal(
          Reason.MALFORMED_TOKEN,
          "the token's header has crit or b64, which is not supported",
          token);
    }
    if (!isToken(header.getType())) {
      throw refusal(
          Reason.WRONG_TYPE,
          "the token's typ is " + LogText.quoted(header.getType()) + ", but must be JWT or at+jwt",
          token);
    }
    checkPurpose(token);
    checkTimes(token);
  }

  private static boolean isToken(@Nullable JOSEObjectType type) {
    if (type == null) {
      return true;
    }
    String name = type.getType().toLowerCase(Locale.ROOT);
    return TYPES.contains(
        name.startsWith("application/") ? name.substring("application/".length()) : name);
  }

  private void checkPurpose(Token token) throws Refusal {
    JWTClaimsSet claims = token.claims();
    String issuer = properties.issuer();
    if (issuer != null && !issuer.equals(claims.getIssuer())) {
      throw refusal(
          Reason.WRONG_ISSUER,
          "the token's iss is not drumline.security.jwt.issuer, '" + issuer + "'",
          token);
    }
    String audience = properties.audience();
    if (audience != null && !claims.getAudience().contains(audience)) {
      throw refusal(
          Reason.WRONG_AUDIENCE,
          "the token's aud does not contain drumline.security.jwt.audience, '" + audience + "'",
          token);
    }
  }

  private void checkTimes(Token token) throws Refusal {
    JWTClaimsSet claims = token.claims();
    Instant now = Instant.now();
    if (claims.getExpirationTime() == null) {
      throw refusal(Reason.NO_EXPIRY, "the token has no exp, so it would never end", token);
    } else if (!now.isBefore(end(claims.getExpirationTime()))) {
      throw refusal(
          Reason.EXPIRED_TOKEN,
          "the token expired at " + claims.getExpirationTime().toInstant(),
          token);
    }
    Date begins = claims.getNotBeforeTime();
    if (begins != null && begins.toInstant().minus(properties.clockSkew()).isAfter(now)) {
      throw refusal(
          Reason.NOT_YET_VALID, "the token is not valid before " + begins.toInstant(), token);
    }
  }

  /** When a token is no longer accepted, and its connection is closed. */
  private Instant end(Date expires) {
    return expires.toInstant().plus(properties.clockSkew());
  }

  private Login verified(Token token, List<? extends Key> keys) {
    try {
      for (Key each : keys) {
        if (Signatures.verifies(token.jwt(), each)) {
          return accepted(token);
        }
      }
      throw refusal(Reason.BAD_SIGNATURE, "the token's signature is not by the key", token);
    } catch (Refusal refusal) {
      return refusal.login();
    }
  }

  private Login accepted(Token token) throws Refusal {
    Map<String, Object> said = convert(token);
    Identity claims = new Identity("", Set.of(), Set.of(), said, null, null);
    String name = name(token, said.get(properties.nameClaim()));
    String id = token.claims().getJWTID();
    if (id != null && !isName(id, MAX_ID)) {
      throw refusal(
          Reason.BAD_TOKEN_ID,
          "the token's jti is blank, has control characters or is longer than %d characters"
              .formatted(MAX_ID),
          token);
    }
    return new Accepted(
        new Identity(
            name,
            claims.claim(properties.rolesClaim()),
            words(claims.claim(properties.scopeClaim())),
            said,
            end(token.claims().getExpirationTime()),
            id));
  }

  private Map<String, Object> convert(Token token) throws Refusal {
    Map<String, Object> said = null;
    try {
      said = CLAIMS.convert(token.claims().getClaims());
    } catch (RuntimeException e) {
      throw refusal(
          Reason.MALFORMED_TOKEN,
          "a claim has a wrong type: " + LogText.quoted(e.getMessage()),
          token);
    }
    return said == null ? Map.of() : said;
  }

  /** Some issuers write numeric user ids as numbers. */
  private String name(Token token, @Nullable Object claim) throws Refusal {
    String name =
        claim instanceof String
                || claim instanceof Long
                || claim instanceof Integer
                || claim instanceof BigInteger
            ? claim.toString()
            : "";
    if (!isName(name, MAX_NAME)) {
      String wrong =
          claim == null
              ? "is missing"
              : "is "
                  + LogText.quoted(claim)
                  + ", but must be 1 to "
                  + MAX_NAME
                  + " characters without control characters, or a whole number";
      throw refusal(
          Reason.BAD_NAME,
          "the token's claim '%s' (drumline.security.jwt.name-claim) %s"
              .formatted(properties.nameClaim(), wrong),
          token);
    }
    return name;
  }

  /**
   * Whether the text can be a name or an id. Unpaired surrogates are rejected: they all encode to
   * the same byte, so that two users could have one name.
   */
  private static boolean isName(String text, int most) {
    return !text.isBlank()
        && text.length() <= most
        && text.codePoints()
            .noneMatch(
                point ->
                    Character.isISOControl(point)
                        || (point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE));
  }

  private static Set<String> words(Set<String> texts) {
    return texts.stream()
        .flatMap(text -> Arrays.stream(text.split(" ")))
        .filter(word -> !word.isEmpty())
        .collect(Collectors.toUnmodifiableSet());
  }

  /**
   * With details by which the operator can find the token's issuer, but neither the token nor its
   * user.
   */
  private Refusal refusal(Reason reason, String what, Token token) {
    JWSHeader header = token.header();
    return new Refusal(
        reason,
        "%s (alg %s, kid %s, iss %s, aud %s)"
            .formatted(
                what,
                LogText.quoted(header.getAlgorithm()),
                LogText.quoted(header.getKeyID()),
                LogText.quoted(token.claims().getIssuer()),
                LogText.quoted(token.claims().getAudience())));
  }

  /** Starts to fetch the issuer's keys. */
  void prefetch() {
    if (published != null) {
      published.prefetch();
    }
  }

  @Override
  public void close() {
    if (published != null) {
      published.close();
    }
  }
}
