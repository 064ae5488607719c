package io.drumline.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.drumline.message.CloseCode;
import io.drumline.testing.StompClient;
import io.drumline.testing.StompFrame;
import io.drumline.testing.redis.RedisServer;
import io.drumline.testing.redis.TestRedis;
import io.lettuce.core.AclSetuserArgs;
import io.lettuce.core.XAddArgs;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.output.StatusOutput;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Nodes on a Redis that lets nobody in but by the ACL line of docs/redis.md, word for word, and
 * that speaks TLS.
 */
class RedisAccessIT {
  private static final Pattern COMMAND = Pattern.compile(" \\+(\\S+)");
  private static final Duration INTERVAL = Duration.ofMillis(100);

  private static final String[] SETTINGS = {
    "drumline.hub.linger=10ms",
    "drumline.api.anonymous=true",
    "drumline.redis.probe-interval=200ms",
    "drumline.session.position-interval=" + INTERVAL.toMillis() + "ms",
    "drumline.destinations[0].pattern=/topic/small",
    "drumline.destinations[0].history.size=1KB"
  };

  @TempDir private Path directory;
  private RedisServer redis;

  @BeforeEach
  void start() throws IOException {
    Path users = directory.resolve("users.acl");
    Files.writeString(
        users,
        documented("user drumline ")
            + "\nuser admin on >admin ~* &* +@all\nuser default off nopass sanitize-payload\n");
    redis = RedisServer.start("--aclfile", users.toString());
    admin(RedisCommands::configResetstat);
  }

  @AfterEach
  void stop() {
    redis.close();
  }

  @Test
  void theDocumentedUserCanDoAllThatNodesDoAndNothingElse() {
    try (Node one = Node.on(url(), SETTINGS);
        Node two = Node.on(url(), SETTINGS)) {
      publishesAndResumes(one, two);
      keepsSharedSessions(one, two);
      boundsHistory(one);
      mendsAForeignStream(one);
      blocksAndLifts(one);
      comesBackAfterTheScriptsWereFlushed(one);

      assertThat(denials()).isEmpty();
      showCalled(granted(documented("user drumline ")));
    }
    TestRedis.with(
        url(),
        connection -> {
          RedisCommands<String, String> redis = connection.sync();
          for (ThrowingCallable refused :
              List.<ThrowingCallable>of(
                  redis::flushall,
                  () -> redis.keys("*"),
                  () -> redis.configGet("*"),
                  () -> redis.aclDeluser("drumline"),
                  () -> redis.get("another:key"),
                  () -> redis.publish("another", "x"))) {
            assertThatThrownBy(refused).hasMessageContaining("NOPERM");
          }
          return 0;
        });
  }

  @Test
  void aNodeWithoutOneOfItsCommandsDoesNotServe() {
    try (Node node = Node.on(url(), SETTINGS)) {
      admin(
          redis ->
              redis.aclSetuser(
                  "drumline", AclSetuserArgs.Builder.removeCommand(CommandType.PUBLISH)));
      Node.patiently().until(() -> node.healthz() == 503);
    }
    assertThat(denials()).isNotEmpty();
  }

  @Test
  void waitingForReplicasNeedsWhatIsDocumentedBesides() {
    String[] besides = besides("drumline.redis.min-replicas");
    grant(besides);
    try (Node node =
            Node.on(
                url(),
                "drumline.redis.min-replicas=1",
                "drumline.redis.command-timeout=300ms",
                "drumline.redis.publish-timeout=300ms");
        StompClient client = node.client()) {
      client.publish("/topic/a", "on no replica");
      assertThat(client.expect("ERROR").header("message")).contains("replica");
    }
    assertThat(denials()).isEmpty();
    showCalled(Set.of(besides));
  }

  @Test
  void aClusterNeedsWhatIsDocumentedBesides() {
    redis.close();
    redis =
        RedisServer.start(
            "--aclfile", directory.resolve("users.acl").toString(),
            "--cluster-enabled", "yes",
            "--cluster-announce-ip", "127.0.0.1");
    admin(
        redis -> {
          for (int slot = 0; slot < 16384; slot += 512) {
            redis.clusterAddSlots(IntStream.range(slot, slot + 512).toArray());
          }
          Node.patiently().until(() -> redis.clusterInfo().contains("cluster_state:ok"));
          return redis.configResetstat();
        });
    String[] besides = besides("spring.data.redis.cluster.nodes");
    grant(besides);
    try (Node node = Node.on(url(), "spring.data.redis.cluster.nodes=127.0.0.1:" + redis.port());
        StompClient client = node.client();
        StompClient publisher = node.client()) {
      client.subscribe("1", "/topic/a");
      publisher.publishConfirmed("/topic/a", "x");
      client.expectMessage("x");
    }
    assertThat(denials()).isEmpty();
    showCalled(Set.of(besides));
  }

  private void publishesAndResumes(Node one, Node two) {
    StompClient subscriber = one.client();
    StompClient publisher = two.client();
    subscriber.subscribe("1", "/topic/a");
    subscriber.subscribe("2", "/ephemeral/a");
    publisher.publishConfirmed("/topic/a", "first", "id:mine");
    publisher.publishConfirmed("/topic/a", "first", "id:mine");
    StompFrame first = subscriber.expectMessage("first");
    publisher.publishConfirmed("/ephemeral/a", "x");
    subscriber.expectMessage("x");
    subscriber.close();
    publisher.publishConfirmed("/topic/a", "second");

    StompClient again = two.client();
    again.command(
        "SUBSCRIBE", "id:1", "destination:/topic/a", "resume-after:" + first.header("message-id"));
    again.expectMessage("second");
    again.close();
    publisher.close();
  }

  private void keepsSharedSessions(Node one, Node two) {
    StompClient client = one.client("client-id:c1");
    client.subscribe("1", "/topic/kept");
    client.subscribe("2", "/topic/left");
    try (StompClient publisher = two.client()) {
      publisher.publishConfirmed("/topic/kept", "kept");
      client.expectMessage("kept");
      publisher.publishConfirmed("/topic/left", "left");
      client.expectMessage("left");
    }
    awaitPosition(client, "/topic/left", true);
    client.confirmed("UNSUBSCRIBE", "id:2");
    awaitPosition(client, "/topic/left", false);
    try (StompClient taker = two.client("client-id:c1")) {
      // Its RECEIPT may come behind a message that comes again: delivery is at least once.
      taker.command("SUBSCRIBE", "id:1", "destination:/topic/kept");
      assertThat(client.expectClose()).isEqualTo(CloseCode.FENCED.code());
    }
    client.close();
  }

  /** Reads meanwhile, and so answers pings. */
  private void awaitPosition(StompClient client, String destination, boolean stored) {
    Node.patiently()
        .until(
            () -> {
              client.expectNothing(INTERVAL);
              return admin(redis -> redis.hexists("drumline:session:c1", destination)) == stored;
            });
  }

  private void boundsHistory(Node node) {
    try (StompClient client = node.client()) {
      for (int i = 0; i < 5; i++) {
        client.publishConfirmed("/topic/small", "x".repeat(1000));
      }
    }
    assertThat(length("drumline:{/topic/small}:s")).isLessThan(5);
  }

  private void mendsAForeignStream(Node node) {
    String stream = "drumline:{/topic/a}:s";
    admin(redis -> redis.xadd(stream, new XAddArgs().id("9999-0"), Map.of("k", "v")));
    try (StompClient client = node.client()) {
      client.publishConfirmed("/topic/a", "third");
      client.command("SUBSCRIBE", "id:1", "destination:/topic/a", "replay:2");
      client.expectMessage("second");
      client.expectMessage("third");
    }
    assertThat(length(stream)).isEqualTo(3);
  }

  private void blocksAndLifts(Node node) {
    String revocations = "/api/v1/revocations";
    admin( // an earlier version gave it a time to live
        redis ->
            redis.hset("drumline:revoked", "user:old", "99999999999999 x")
                && redis.expire("drumline:revoked", 3600));
    String block = "{\"user\": \"ann\", \"action\": \"block\", \"for\": \"1h\"}";
    assertThat(node.json("POST", revocations, block, "").statusCode()).isBetween(200, 201);
    assertThat(node.control(revocations).body()).contains("ann");
    assertThat(node.json("DELETE", revocations + "/user/ann", "", "").statusCode())
        .isBetween(200, 204);
    try (StompClient client = node.client("client-id:c3")) {
      client.publishConfirmed("/topic/a", "third");
    }
  }

  private void comesBackAfterTheScriptsWereFlushed(Node node) {
    admin(RedisCommands::scriptFlush);
    try (StompClient client = node.client("client-id:c2")) {
      client.publishConfirmed("/topic/a", "fourth");
    }
  }

  @Test
  void nodesSpeakTlsWithRedis() throws Exception {
    assumeTrue(RedisServer.knowsTls(), "the bundled Redis was built without TLS");
    X509Bundle certificate =
        new CertificateBuilder()
            .subject("CN=redis")
            .addSanDnsName("localhost")
            .setIsCertificateAuthority(true)
            .buildSelfSigned();
    Path chain = directory.resolve("redis.pem");
    Path key = directory.resolve("redis.key");
    Files.writeString(chain, certificate.getCertificatePathPEM());
    Files.writeString(key, certificate.getPrivateKeyPEM());
    redis.close();
    int tlsPort = RedisServer.freePort();
    redis =
        RedisServer.start(
            "--aclfile", directory.resolve("users.acl").toString(),
            "--tls-port", Integer.toString(tlsPort),
            "--tls-cert-file", chain.toString(),
            "--tls-key-file", key.toString(),
            "--tls-auth-clients", "no");
    String secure = "rediss://drumline:CHANGE-ME@localhost:" + tlsPort;
    String[] trusting = {
      "spring.data.redis.ssl.bundle=redis",
      "spring.ssl.bundle.pem.redis.truststore.certificate=" + chain
    };
    try (Node one = Node.on(secure, trusting);
        Node two = Node.on(secure, trusting);
        StompClient subscriber = one.client();
        StompClient publisher = two.client()) {
      subscriber.subscribe("1", "/topic/a");
      publisher.publishConfirmed("/topic/a", "encrypted");
      subscriber.expectMessage("encrypted");
      // Without the certificate no node is let in by what it calls itself.
      try (Node distrusting = Node.starting(secure)) {
        distrusting.awaitMetric("drumline_redis_up", 0);
        assertThat(distrusting.healthz()).isEqualTo(503);
      }
    }
  }

  private void grant(String... commands) {
    admin(
        redis -> {
          CommandArgs<String, String> args =
              new CommandArgs<>(StringCodec.UTF8).add("SETUSER").add("drumline");
          for (String command : commands) {
            args.add("+" + command);
          }
          return redis.dispatch(CommandType.ACL, new StatusOutput<>(StringCodec.UTF8), args);
        });
  }

  private String url() {
    return "redis://drumline:CHANGE-ME@127.0.0.1:" + redis.port();
  }

  private <T> T admin(Function<RedisCommands<String, String>, T> task) {
    return TestRedis.with(
        "redis://admin:admin@127.0.0.1:" + redis.port(),
        connection -> task.apply(connection.sync()));
  }

  /** But that Lettuce may not tell its name, for which 6.2 names the command alone. */
  private List<Map<String, Object>> denials() {
    return admin(RedisCommands::aclLog).stream()
        .filter(denial -> !Set.of("client", "client|setinfo").contains(denial.get("object")))
        .toList();
  }

  private long length(String stream) {
    return admin(redis -> redis.xlen(stream));
  }

  /** Shows that these were called; Redis 6.2 counts commands without their subcommands. */
  private void showCalled(Set<String> commands) {
    Set<String> called = called();
    assertThat(commands)
        .allMatch(each -> called.contains(each) || called.contains(each.replaceFirst("\\|.*", "")));
  }

  /** Commands with their subcommands, such as {@code script|load}, that were called. */
  private Set<String> called() {
    return Pattern.compile("cmdstat_(\\S+):calls=[1-9]")
        .matcher(admin(redis -> redis.info("commandstats")))
        .results()
        .map(found -> found.group(1))
        .collect(Collectors.toSet());
  }

  private static Set<String> granted(String line) {
    return COMMAND.matcher(line).results().map(found -> found.group(1)).collect(Collectors.toSet());
  }

  /** What the table of docs/redis.md says that this setting needs. */
  private static String[] besides(String setting) {
    return granted(documented("| `" + setting + "` |").replace("`", " ").replace("\\|", "|"))
        .toArray(String[]::new);
  }

  /** The line of docs/redis.md's code that begins so. */
  private static String documented(String beginning) {
    try {
      return Files.readAllLines(Path.of("docs", "redis.md")).stream()
          .map(String::strip)
          .filter(line -> line.startsWith(beginning))
          .findFirst()
          .orElseThrow(() -> new AssertionError("docs/redis.md has no line " + beginning));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
