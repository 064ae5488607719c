package io.drumline.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drumline.security.SecurityProperties.Jwt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SecurityPropertiesTest {

  @Test
  void hasDefaults() {
    SecurityProperties properties = Settings.of();
    assertThat(properties.anonymous()).isNull();
    assertThat(properties.authentication()).isFalse();
    assertThat(properties.allowedOrigins()).isEmpty();
  }

  @Test
  void pinsOneAlgorithmUnlessTold() {
    assertThat(Settings.of("jwt.secret", TokenMaker.SECRET).jwt())
        .extracting(Jwt::algorithms)
        .isEqualTo(Set.of("HS256"));
    assertThat(
            Settings.of("jwt.jwks-uri", "https://id.example.org/keys", "jwt.audience", "chat")
                .jwt())
        .extracting(Jwt::algorithms)
        .isEqualTo(Set.of("RS256"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          jwt.issuer=a | jwt must have exactly one of secret, public-key and jwks-uri
          jwt.secret=$SECRET jwt.jwks-uri=https://a/ | jwt must have exactly one of
          jwt.secret=short | jwt.secret has 5 bytes, but must have at least 32 for HS256; make one with: openssl rand -hex 32
          jwt.secret=$SECRET jwt.algorithms=HS512 | jwt.secret has 38 bytes, but must have at least 64 for HS512
          jwt.secret=$SECRET jwt.algorithms=HS256,none | jwt.algorithms contains 'none', but with
          jwt.secret=$SECRET jwt.algorithms=RS256 | jwt.algorithms contains 'RS256', but with a secret it may contain only HS256, HS384, HS512
          jwt.jwks-uri=https://a/ jwt.audience=a jwt.algorithms=HS256 | jwt.algorithms contains 'HS256', but with a public key or jwks-uri it may contain only RS256
          jwt.jwks-uri=https://a/ jwt.audience=a jwt.algorithms=none | jwt.algorithms contains 'none', but with
          jwt.jwks-uri=https://a/ | jwt.audience must be set with jwks-uri
          jwt.jwks-uri=http://a/ jwt.audience=a | jwt.jwks-uri is 'http://a/', but must be a URL that begins with https://
          users[0].login=ann users[0].password=sesame | users: the password of ann must be a bcrypt hash
          users[0].login=ann users[0].password=$BCRYPT users[1].login=ann users[1].password=$BCRYPT | users[1].login is there twice
          users[0].password=$BCRYPT | users must each have a login
          allowed-origins=https://*.a | allowed-origins contains 'https://*.a', which is a pattern
          rules[0].pattern=topic | rules: The pattern 'topic' must begin with a slash.
          rules[0].pattern=/topic/a*b | rules: In the pattern '/topic/a*b'
          rules[0].pattern=/topic/{team} | rules: In the pattern '/topic/{team}' a place must be
          rules[0].pattern=/topic/{claim:} | rules: In the pattern '/topic/{claim:}' a place must be
          rules[0].pattern=/topic/{user}{user} | rules: In the pattern '/topic/{user}{user}' a segment
          rules[0].pattern=/topic/}{ | rules: In the pattern '/topic/}{' a segment
          rules[0].pattern=/topic/a rules[0].send=everyone | rules: 'everyone' must be anyone
          rules[0].pattern=/topic/a rules[0].send=role: | rules: 'role:' must be anyone
          rules[0].pattern=/topic/a rules[0].send=claim:a | rules: 'claim:a' must be anyone
          rules[0].send=anyone | rules must each have a pattern
          rules[0].pattern=/topic/a rules[0].send=role:x | rules ask who a client is
          rules[0].pattern=/topic/{user} rules[0].send=anyone | rules ask who a client is
          """)
  void namesTheSettingThatIsWrong(String settings, String sentence) {
    String[] each =
        settings
            .replace("$SECRET", TokenMaker.SECRET.replace(' ', '_'))
            .replace("$BCRYPT", Settings.SESAME)
            .split(" ", -1);
    String[] turned = new String[each.length * 2];
    for (int i = 0; i < each.length; i++) {
      int equals = each[i].indexOf('=');
      turned[2 * i] = each[i].substring(0, equals);
      turned[2 * i + 1] = each[i].substring(equals + 1);
    }
    assertThatThrownBy(() -> Settings.of(turned))
        .rootCause()
        .message()
        .startsWith("drumline.security." + sentence)
        .doesNotContain(TokenMaker.SECRET)
        .doesNotContain(Settings.SESAME);
  }
}
