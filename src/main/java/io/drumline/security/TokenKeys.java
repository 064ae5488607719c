package io.drumline.security;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import io.drumline.security.SecurityProperties.Jwt;
import java.io.IOException;
import java.io.InputStream;
import java.net.MalformedURLException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import javax.crypto.spec.SecretKeySpec;
import org.springframework.core.io.Resource;
import org.springframework.security.oauth2.jose.jws.SignatureAlgorithm;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;

/** The keys that tokens are checked with, and with them only the algorithms that are configured. */
final class TokenKeys {
  private static final int CONNECT_MILLIS = 2000;
  private static final int READ_MILLIS = 2000;
  private static final int MAX_OCTETS = 256 * 1024;
  private static final Duration FRESH = Duration.ofMinutes(5);
  private static final Duration FETCH = Duration.ofSeconds(5);

  /** How long known keys are used though the issuer does not answer. */
  private static final Duration OUTAGE = Duration.ofHours(4);

  private TokenKeys() {}

  /**
   * A decoder that checks signatures. With a JWKS it may fetch keys, and then blocks for seconds.
   *
   * @throws WrongSettingException with the name of the property that is wrong
   */
  static NimbusJwtDecoder decoder(Jwt jwt) {
    if (jwt.jwksUri() != null) {
      Set<SignatureAlgorithm> algorithms =
          jwt.algorithms().stream().map(SignatureAlgorithm::from).collect(Collectors.toSet());
      return NimbusJwtDecoder.withJwkSource(published(jwt.jwksUri()))
          .jwsAlgorithms(pinned -> pinned.addAll(algorithms))
          .build();
    }
    Key key =
        jwt.secret() != null
            ? new SecretKeySpec(jwt.secret().getBytes(StandardCharsets.UTF_8), "HMAC")
            : publicKey(jwt);
    Set<JWSAlgorithm> algorithms =
        jwt.algorithms().stream().map(JWSAlgorithm::parse).collect(Collectors.toSet());
    DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();
    // There is one key, so its id does not matter; the library refuses unsigned tokens by itself.
    processor.setJWSKeySelector(
        (header, context) -> algorithms.contains(header.getAlgorithm()) ? List.of(key) : List.of());
    processor.setJWSTypeVerifier((type, context) -> {}); // the validators look at it,
    processor.setJWTClaimsSetVerifier((claims, context) -> {}); // and at the claims
    return new NimbusJwtDecoder(processor);
  }

  /** Kept for a while, and fetched again for an unknown key id, though not as often as asked. */
  private static JWKSource<SecurityContext> published(URI uri) {
    try {
      return JWKSourceBuilder.create(
              uri.toURL(), new DefaultResourceRetriever(CONNECT_MILLIS, READ_MILLIS, MAX_OCTETS))
          .cache(FRESH.toMillis(), FETCH.toMillis())
          .retrying(true)
          .outageTolerant(OUTAGE.toMillis())
          .build();
    } catch (MalformedURLException e) {
      throw new WrongSettingException("drumline.security.jwt.jwks-uri must be a URL.");
    }
  }

  private static PublicKey publicKey(Jwt jwt) {
    Resource place = jwt.publicKey();
    if (place == null) {
      throw new IllegalStateException("There is no key.");
    }
    try (InputStream in = place.getInputStream()) {
      String pem = new String(in.readNBytes(MAX_OCTETS), StandardCharsets.US_ASCII);
      return fitting(parse(pem), jwt.algorithms());
    } catch (IOException e) {
      throw new WrongSettingException(
          "drumline.security.jwt.public-key cannot be read: " + e.getMessage() + ".");
    }
  }

  private static PublicKey parse(String pem) {
    String body = pem.replaceAll("-----(BEGIN|END) PUBLIC KEY-----", "").replaceAll("\\s", "");
    for (String type : List.of("RSA", "EC")) {
      try {
        return KeyFactory.getInstance(type)
            .generatePublic(new X509EncodedKeySpec(Base64.getDecoder().decode(body)));
      } catch (GeneralSecurityException | IllegalArgumentException anotherType) {
        // the next one, then
      }
    }
    throw new WrongSettingException(
        "drumline.security.jwt.public-key must be an RSA or EC public key in PEM.");
  }

  private static PublicKey fitting(PublicKey key, Set<String> algorithms) {
    for (String algorithm : algorithms) {
      boolean fits =
          algorithm.startsWith("ES") ? key instanceof ECPublicKey : key instanceof RSAPublicKey;
      if (!fits) {
        throw new WrongSettingException(
            "drumline.security.jwt.algorithms contains %s, which does not go with the %s key."
                .formatted(algorithm, key.getAlgorithm()));
      }
    }
    return key;
  }
}
