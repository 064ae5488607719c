package io.drumline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ServerSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** A wrong setting ends the start with one sentence that names it. */
@ExtendWith(OutputCaptureExtension.class)
class StartupFailureTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --drumline.listener.port=70000 | drumline.listener.port must be less than or equal to 65535, but is 70000.
          --drumline.listener.port=http | drumline.listener.port must be a whole number, but is 'http'.
          --drumline.listner.port=1 | There is no setting drumline.listner.port; did you mean drumline.listener.port?
          --drumline.listener.prot=1 | There is no setting drumline.listener.prot; did you mean drumline.listener.port?
          --drumline.backplan=redis | There is no setting drumline.backplan; did you mean drumline.backplane?
          --drumline.backplane=kafka | drumline.backplane must be one of memory, redis, but is 'kafka'.
          --drumline.hub.outbound-limit=1KB | drumline.hub.outbound-limit must be between 4KB and 2047MB.
          --drumline.memory.history-limit=1KB | drumline.memory.history-limit must be at least 1MB.
          --drumline.hub.outbound-limit=lots | drumline.hub.outbound-limit must be a size, such as 1MB, but is 'lots'.
          --drumline.backplane=redis | Nobody could connect: set drumline.security.jwt or drumline.security.users, or drumline.security.anonymous=true.
          --drumline.security.anonymous=false | Nobody could connect: set drumline.security.jwt or drumline.security.users, or drumline.security.anonymous=true.
          --drumline.security.jwt.secret=short | drumline.security.jwt.secret has 5 bytes, but must have at least 32 for HS256; make one with: openssl rand -hex 32.
          --drumline.security.jwt.public-key=file:/none.pem | drumline.security.jwt.public-key is 'file:/none.pem', but the node cannot read it: there is no such file, or no permission.
          --drumline.security.allowed-origins=* | drumline.security.allowed-origins contains '*', which is no origin such as https://example.org.
          --drumline.security.rule[0].pattern=/topic | There is no setting drumline.security.rule[0].pattern.
          --drumline.api.tokens=true | drumline.api.tokens needs drumline.security.jwt.
          --drumline.listener.proxy-protocol=true | drumline.listener.proxy-protocol needs drumline.listener.trusted-proxies.
          --drumline.destinations[0].pattern=topic | drumline.destinations: The pattern 'topic' must begin with a slash.
          --drumline.destinations[0].histroy.age=1m | There is no setting drumline.destinations[0].histroy.age.
          --drumline.listener.ssl-bundle=web | drumline.listener.ssl-bundle is web, but there is no such bundle in spring.ssl.bundle.
          --drumline.node.renewal=5s | drumline.node.renewal must be at most a third of drumline.node.lease.
          --drumline.node.leese=5s | There is no setting drumline.node.leese; did you mean drumline.node.lease?
          --drumline.node.host=a b | drumline.node.host must be a name or an address, but is a b.
          --drumline.drain.window=-1s | drumline.drain.window must be longer than or equal to 0, but is -1s.
          --drumline.drain.windw=1s | There is no setting drumline.drain.windw; did you mean drumline.drain.window?
          --drumline.rebalance.jitter=0.05 | drumline.rebalance.jitter must be greater than or equal to 0.1, but is 0.05.
          --drumline.rebalance.rate=0 | drumline.rebalance.rate must be greater than or equal to 1, but is 0.
          --drumline.tracing.enabled=true --management.opentelemetry.tracing.export.otlp.transport=grpc | management.opentelemetry.tracing.export.otlp.transport must be http, which every collector takes (on port 4318), but is grpc.
          --drumline.security.jwt.public-key=none.pem | drumline.security.jwt.public-key is 'none.pem', but the node cannot read it: there is no such file, or no permission; for a file of the host, begin with file:.
          --drumline.security.jwt.public-key=file:pom.xml | drumline.security.jwt.public-key is 'file:pom.xml', which is not PEM: it must have the line -----BEGIN PUBLIC KEY-----.
          --drumline.security.jwt.jwks-uri=https://exa%20mple/ --drumline.security.jwt.audience=a | drumline.security.jwt.jwks-uri is 'https://exa%20mple/', but must be a URL that begins with https:// (or http:// for localhost).
          --drumline.security.users[1].login=ann --drumline.security.users[1].password=x | drumline.security.users[1].login is set, but drumline.security.users[0] is not: number the entries from 0 on, without gaps.
          --drumline.security.rules[0].pattern=/topic/a --drumline.security.rules[0].presence=anyone | drumline.security.rules[0].presence was removed, since there is no presence that it could grant: delete it.
          --drumline.security.rules[0].pattern=/topic/a*b | drumline.security.rules: In the pattern '/topic/a*b' * must end a segment, such as rooms.* or *, and ** be the last one.
          --drumline.listener.address=not.a.host.invalid | drumline.listener.address must be an address, or a host name that can be resolved, but is 'not.a.host.invalid'.
          --server.port=abc | server.port must be a whole number, but is 'abc'.
          --drumline.tracing.enabled=true --management.opentelemetry.tracing.export.otlp.endpoint=collector | management.opentelemetry.tracing.export.otlp.endpoint must be a URL, such as http://collector:4318/v1/traces, but is 'collector'.
          --drumline.stomp.max-headers=0 | drumline.stomp.max-headers must be greater than or equal to 8, but is 0.
          """)
  void namesTheWrongSettingInOneSentence(String argument, String sentence, CapturedOutput output) {
    assertThatThrownBy(() -> start(argument)).isInstanceOf(Exception.class);
    assertThat(output.getOut()).contains("Description:\n    \n    " + sentence + "\n");
    assertThat(output.getOut()).doesNotContain("\tat io.drumline");
    assertThat(output.getOut()).doesNotContain("Exception encountered during context");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --spring.data.redis.masterreplica.nodes=a:1 | spring.data.redis.masterreplica.nodes | It is not supported: use Sentinels, a Cluster or one Redis.
          --spring.data.redis.cluster.nodes=a:1 --drumline.redis.min-replicas=1 | drumline.redis.min-replicas | It is not available on a Redis Cluster.
          """)
  void namesWhatCannotBeDoneWithRedis(
      String arguments, String setting, String sentence, CapturedOutput output) {
    String common = "--drumline.backplane=redis --drumline.security.anonymous=true ";
    assertThatThrownBy(() -> start(common + arguments)).isInstanceOf(Exception.class);
    assertThat(output.getOut()).contains("property '" + setting + "'").contains(sentence);
    assertThat(output.getOut()).doesNotContain("\tat io.drumline");
  }

  @Test
  void namesThePortThatIsInUse(CapturedOutput output) throws IOException {
    try (ServerSocket taken = new ServerSocket(0)) {
      String port = String.valueOf(taken.getLocalPort());
      assertThatThrownBy(() -> start("--drumline.listener.port=" + port))
          .isInstanceOf(Exception.class);
      assertThat(output.getOut()).contains("drumline.listener.port").contains(port);
      assertThat(output.getOut()).doesNotContain("\tat io.drumline");
    }
  }

  private static void start(String argument) {
    SpringApplication.run(
            DrumlineApplication.class, ("--server.port=0 " + argument).split(" (?=--)"))
        .close();
  }
}
