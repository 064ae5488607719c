package io.drumline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
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
          --drumline.hub.outbound-limit=512KB | drumline.hub.outbound-limit (524288B) must be at least drumline.stomp.max-body-size (1048576B), or one message does not fit.
          --drumline.stomp.max-body-size=70MB | drumline.hub.outbound-limit (1048576B) must be at least drumline.stomp.max-body-size (73400320B), or one message does not fit.
          --drumline.hub.backlog-limit=1000KB | drumline.hub.backlog-limit (1024000B) must be at least drumline.stomp.max-body-size (1048576B), or one message does not fit.
          --drumline.hub.catch-up-limit=1000KB | drumline.hub.catch-up-limit (1024000B) must be at least drumline.stomp.max-body-size (1048576B), or one message does not fit.
          --drumline.stomp.inbound-limit=1000KB | drumline.stomp.inbound-limit (1024000B) must be at least drumline.stomp.max-body-size (1048576B), or one message does not fit.
          --drumline.redis.request-queue-size=1000KB | drumline.redis.request-queue-size (1024000B) must be at least drumline.stomp.max-body-size (1048576B), or one message does not fit.
          --drumline.hub.outbound-limit=lots | drumline.hub.outbound-limit must be a size, such as 1MB, but is 'lots'.
          --drumline.backplane=redis | Nobody could connect: set drumline.security.jwt or drumline.security.users, or drumline.security.anonymous=true.
          --drumline.security.anonymous=false | Nobody could connect: set drumline.security.jwt or drumline.security.users, or drumline.security.anonymous=true.
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
          --drumline.listener.address=not.a.host.invalid | drumline.listener.address must be an address, or a host name that can be resolved, but is 'not.a.host.invalid'.
          --drumline.tracing.enabled=true --management.opentelemetry.tracing.export.otlp.endpoint=collector | management.opentelemetry.tracing.export.otlp.endpoint must be a URL, such as http://collector:4318/v1/traces, but is 'collector'.
          --spring.data.redis.url=redis:/localhost | spring.data.redis.url must be like redis://user:password@host:6379/0 (rediss for TLS), but is 'redis:/localhost': it has no host, which may have letters, digits, dots and dashes.
          --spring.data.redis.url=http://localhost | spring.data.redis.url must be like redis://user:password@host:6379/0 (rediss for TLS), but is 'http://localhost': it does not begin with redis:// or rediss://.
          --spring.data.redis.url=redis://me:secret@ho st | spring.data.redis.url must be like redis://user:password@host:6379/0 (rediss for TLS): it is no URL (Illegal character in authority).
          --spring.data.redis.url=redis://localhost/db1 | spring.data.redis.url must be like redis://user:password@host:6379/0 (rediss for TLS), but is 'redis://localhost/db1': what follows the host is not the number of a database.
          --server.port=abc | server.port must be a whole number, but is 'abc'.
          --management.server.port=8o82 | management.server.port must be a whole number, but is '8o82'.
          --spring.threads.virtual.enabled=maybe | spring.threads.virtual.enabled must be true or false, but is 'maybe'.
          --logging.level.root=LOUD | logging.level.root must be one of trace, debug, info, warn, error, fatal, off, but is 'LOUD'.
          --spring.servlet.multipart.max-file-size=lots | spring.servlet.multipart.max-file-size must be a size, such as 1MB, but is 'lots'.
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
  void saysWhereAFileOfSettingsIsNoYaml(@TempDir Path directory, CapturedOutput output)
      throws IOException {
    Path file = directory.resolve("application.yaml");
    Files.writeString(file, "drumline:\n  listener:\n port: 1\n");
    assertThatThrownBy(() -> start("--spring.config.location=" + file.toUri()))
        .isInstanceOf(Exception.class);
    assertThat(output.getOut()).contains("A YAML file of settings").contains("line 3, column 2: ");
    assertThat(output.getOut()).doesNotContain("\tat org.yaml");
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

  @Test
  void warnsOfARedisThatNobodyUses(CapturedOutput output) {
    start(
        "--drumline.listener.port=0 --spring.data.redis.url=redis://127.0.0.1:1"
            + " --drumline.security.anonymous=true");
    assertThat(output.getOut())
        .contains(
            "spring.data.redis.url is set, but drumline.backplane is not: this node is alone and"
                + " does not use Redis.");
  }

  private static void start(String argument) {
    String arguments =
        argument.contains("--server.port=") ? argument : "--server.port=0 " + argument;
    SpringApplication.run(DrumlineApplication.class, arguments.split(" (?=--)")).close();
  }
}
