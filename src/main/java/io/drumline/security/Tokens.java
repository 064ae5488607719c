package io.drumline.security;

import com.nimbusds.jose.jwk.source.RateLimitReachedException;
import io.drumline.security.Login.Accepted;
import io.drumline.security.Login.Reason;
import io.drumline.security.Login.Refused;
import io.drumline.security.SecurityProperties.Jwt;
import io.drumline.security.TokenBucket.Rate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.security.oauth2.core.DelegatingOAuth2TokenValidator;
import org.springframework.security.oauth2.core.OAuth2TokenValidator;
import org.springframework.security.oauth2.jwt.BadJwtException;
import org.springframework.security.oauth2.jwt.JwtAudienceValidator;
import org.springframework.security.oauth2.jwt.JwtException;
import org.springframework.security.oauth2.jwt.JwtIssuerValidator;
import org.springframework.security.oauth2.jwt.JwtTimestampValidator;
import org.springframework.security.oauth2.jwt.JwtTypeValidator;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;

/**
 * Checks JSON Web Tokens: signature, type, issuer, audience and times. A token must say when it
 * ends, since a socket lives no longer than its token, and a revoked token is remembered no longer.
 */
final class Tokens {
  private static final Logger log = LoggerFactory.getLogger(Tokens.class);
  private static final int MAX_NAME = 128;

  /** A longer one could not be named to revoke it. */
  private static final int MAX_ID = 256;

  private final Jwt properties;
  private final NimbusJwtDecoder decoder;
  private final JwtTimestampValidator times;

  /** A warning every few seconds is enough. */
  private final SharedTokenBucket complaints =
      new SharedTokenBucket(new Rate(1, 5), System.nanoTime());

  /**
   * @throws WrongSettingException with the name of the property that is wrong
   */
  Tokens(Jwt properties) {
    this.properties = properties;
    decoder = TokenKeys.decoder(properties);
    List<OAuth2TokenValidator<org.springframework.security.oauth2.jwt.Jwt>> rules =
        new ArrayList<>();
    JwtTypeValidator type = new JwtTypeValidator("JWT", "at+jwt");
    type.setAllowEmpty(true);
    rules.add(type);
    if (properties.issuer() != null) {
      rules.add(new JwtIssuerValidator(properties.issuer()));
    }
    if (properties.audience() != null) {
      rules.add(new JwtAudienceValidator(properties.audience()));
    }
    decoder.setJwtValidator(new DelegatingOAuth2TokenValidator<>(rules));
    times = new JwtTimestampValidator(properties.clockSkew());
    times.setAllowEmptyExpiryClaim(false);
  }

  /** Checks a token. May block for seconds, to fetch keys. */
  Login check(String token) {
    try {
      org.springframework.security.oauth2.jwt.Jwt jwt = decoder.decode(token);
      Instant end = jwt.getExpiresAt();
      if (end != null && end.plus(properties.clockSkew()).isBefore(Instant.now())) {
        return new Refused(Reason.EXPIRED_TOKEN, "The token has expired: get a new one.");
      }
      return times.validate(jwt).hasErrors() ? bad() : accepted(jwt);
    } catch (BadJwtException bad) {
      log.debug("A token was refused: {}", printable(bad));
      return bad();
    } catch (JwtException noKeys) {
      if (NestedExceptionUtils.getRootCause(noKeys) instanceof RateLimitReachedException) {
        return bad(); // its key is not among those that were fetched a moment ago
      }
      if (complaints.tryTake(1, System.nanoTime())) {
        log.warn("Tokens cannot be checked: {}", printable(noKeys));
      }
      return new Refused(Reason.UNAVAILABLE, "Tokens cannot be checked now: try again later.");
    }
  }

  private Login accepted(org.springframework.security.oauth2.jwt.Jwt jwt) {
    Identity claims = new Identity("", Set.of(), Set.of(), jwt.getClaims(), null, null);
    String name = jwt.getClaims().get(properties.nameClaim()) instanceof String text ? text : "";
    String id = jwt.getId();
    if (!isName(name, MAX_NAME) || (id != null && !isName(id, MAX_ID))) {
      return bad();
    }
    return new Accepted(
        new Identity(
            name,
            claims.claim(properties.rolesClaim()),
            words(claims.claim(properties.scopeClaim())),
            jwt.getClaims(),
            jwt.getExpiresAt(),
            id));
  }

  /**
   * Whether somebody or something can be called so. Half of a surrogate pair is no text: as octets,
   * all such names would be the same, and one user would be another.
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

  /** The message may quote the token, whose text is its sender's. */
  private static String printable(JwtException failure) {
    return String.valueOf(failure.getMessage()).replaceAll("\\p{Cntrl}", "?");
  }

  /** One sentence for all that is wrong with a token: the rest is in the log, for the operator. */
  private static Login bad() {
    return new Refused(Reason.BAD_TOKEN, "The token is not valid here.");
  }
}
