package io.drumline.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.Arrays;
import java.util.regex.Pattern;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.context.ConfigurationPropertiesAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.validation.autoconfigure.ValidationAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** A wrong setting of security ends the start with one sentence: on this part of a node alone. */
@ExtendWith(OutputCaptureExtension.class)
class SecurityStartupTest {

  @Configuration(proxyBeanMethods = false)
  @ImportAutoConfiguration({
    ConfigurationPropertiesAutoConfiguration.class,
    ValidationAutoConfiguration.class
  })
  @Import({SecurityConfiguration.class, SimpleMeterRegistry.class})
  static class Security {}

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          jwt.secret=short | drumline.security.jwt.secret has 5 bytes, but must have at least 32 for HS256; make one with: openssl rand -hex 32.
          jwt.public-key=file:/none.pem | drumline.security.jwt.public-key is 'file:/none.pem', but the node cannot read it: there is no such file, or no permission.
          jwt.public-key=none.pem | drumline.security.jwt.public-key is 'none.pem', but the node cannot read it: there is no such file, or no permission; for a file of the host, begin with file:.
          jwt.public-key=file:pom.xml | drumline.security.jwt.public-key is 'file:pom.xml', which is not PEM: it must have the line -----BEGIN PUBLIC KEY-----.
          jwt.jwks-uri=https://exa mple/ jwt.audience=a | drumline.security.jwt.jwks-uri is 'https://exa%20mple/', but must be a URL that begins with https:// (or http:// for localhost).
          users[1].login=ann users[1].password=x | drumline.security.users[1].login is set, but drumline.security.users[0] is not: number the entries from 0 on, without gaps.
          rules[0].pattern=/topic/a rules[0].presence=anyone | drumline.security.rules[0].presence was removed, since there is no presence that it could grant: delete it.
          rules[0].pattern=/topic/a*b | drumline.security.rules: In the pattern '/topic/a*b' * must end a segment, such as rooms.* or *, and ** be the last one.
          jwt.secret=$SECRET jwt.algorithms=HS128 | drumline.security.jwt.algorithms contains 'HS128', but with a secret it may contain only HS256, HS384, HS512.
          jwt.issuer=a | drumline.security.jwt must have exactly one of secret, public-key and jwks-uri, but has none.
          jwt.secret=$SECRET jwt.clock-skew=10m | drumline.security.jwt.clock-skew must be shorter than or equal to 5 minutes, but is 600s.
          jwt.secret=$SECRET jwt.clock-skew=soon | drumline.security.jwt.clock-skew must be a duration, such as 10s, but is 'soon'.
          jwt.secert=$SECRET | There is no setting drumline.security.jwt.secert; did you mean drumline.security.jwt.secret?
          users[0].login=ann users[0].password=sesame | drumline.security.users: the password of ann must be a bcrypt hash of cost 4 to 14; make one with: htpasswd -nBC 10 ann.
          users[0].login=ann | drumline.security.users: the password of ann must be a bcrypt hash of cost 4 to 14; make one with: htpasswd -nBC 10 ann.
          rules[0].pattern=/topic/a rules[0].send=everyone | drumline.security.rules: 'everyone' must be anyone, authenticated, role:<name>, scope:<name> or claim:<name>=<value>.
          anonymous=false | Nobody could connect: set drumline.security.jwt or drumline.security.users, or drumline.security.anonymous=true.
          anonymous=perhaps | drumline.security.anonymous must be true or false, but is 'perhaps'.
          max-connections-per-user=-1 | drumline.security.max-connections-per-user must be greater than or equal to 0, but is -1.
          """)
  void namesTheWrongSettingInOneSentence(String settings, String sentence, CapturedOutput output) {
    String[] arguments =
        Arrays.stream(settings.replace("$SECRET", "x".repeat(32)).split(" (?=[a-z]+[.\\[])", -1))
            .map(setting -> "--drumline.security." + setting)
            .toArray(String[]::new);
    SpringApplicationBuilder part =
        new SpringApplicationBuilder(Security.class).web(WebApplicationType.NONE);
    assertThatThrownBy(() -> part.run(arguments)).isInstanceOf(Exception.class);
    assertThat(output.getOut())
        .containsPattern("Description:\\s+" + Pattern.quote(sentence) + "\n");
    assertThat(output.getOut()).doesNotContain("\tat ");
  }
}
