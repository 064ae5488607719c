package io.drumline.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.drumline.backplane.BackplaneException;
import io.drumline.backplane.BackplaneStatus.Problem;
import io.drumline.backplane.BackplaneStatus.State;
import io.drumline.backplane.Inbox;
import io.drumline.backplane.Retentions;
import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.drumline.redis.format.RedisKeys;
import io.drumline.testing.redis.RedisServer;
import io.drumline.testing.redis.TestRedis;
import io.lettuce.core.AclSetuserArgs;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.protocol.CommandType;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** What Redis refuses is said to publishers, in the log, the state and the metrics. */
@ExtendWith(OutputCaptureExtension.class)
final class RedisRefusalsIT {
  private static final Destination TOPIC = Destination.parse("/topic/refused");

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private RedisServer redis = RedisServer.start();

  @SuppressWarnings("NullAway.Init") // every test opens it
  private RedisBackplane backplane;

  @AfterEach
  void close() {
    backplane.close();
    redis.close();
  }

  @Test
  void outOfMemory(CapturedOutput output) {
    open(redis.url());
    admin(admin -> admin.configSet("maxmemory", "1"));
    expectRefusal("oom", "it is out of memory (maxmemory)", output);
    assertThat(backplane.status().state()).isEqualTo(State.DEGRADED);
    admin(admin -> admin.configSet("maxmemory", "0"));
    expectRecovery();
  }

  /** The first one of a destination would begin with a command that Redis does not refuse. */
  @Test
  void outOfMemoryNothingIsStoredForNewDestinationsEither() {
    open(redis.url());
    admin(admin -> admin.configSet("maxmemory", "1"));
    for (int i = 0; i < 5; i++) {
      Destination fresh = Destination.parse("/topic/new." + i);
      assertThatThrownBy(() -> publish(fresh)).hasMessageContaining("it is out of memory");
      assertThatThrownBy(() -> join(backplane.read(fresh, 0, 1, true)))
          .hasMessage(
              "The history cannot be read, because Redis rejected the read; it is out of memory"
                  + " (maxmemory).");
    }
    List<String> keys = TestRedis.with(redis.url(), c -> c.sync().keys("*new*"));
    assertThat(keys).isEmpty();
  }

  @Test
  void withoutReplicas(CapturedOutput output) {
    open(redis.url());
    admin(admin -> admin.configSet("min-replicas-to-write", "1"));
    expectRefusal("noreplicas", "it has too few replicas (min-replicas-to-write)", output);
    admin(admin -> admin.configSet("min-replicas-to-write", "0"));
    expectRecovery();
  }

  @Test
  void aKeyOfAnotherType(CapturedOutput output) {
    open(redis.url());
    String meta = new RedisKeys("drumline:").meta(TOPIC);
    admin(admin -> admin.set(meta, "not ours"));
    expectRefusal("wrongtype", "a key of Drumline holds a value of another type", output);
    admin(admin -> admin.del(meta));
    expectRecovery();
  }

  @Test
  void aCommandThatIsNotPermitted(CapturedOutput output) {
    admin(
        admin ->
            admin.aclSetuser(
                "node",
                AclSetuserArgs.Builder.on()
                    .addPassword("x")
                    .allKeys()
                    .allChannels()
                    .allCommands()
                    .removeCommand(CommandType.XADD)));
    open("redis://node:x@127.0.0.1:" + redis.port());
    expectRefusal("noperm", "its ACL does not permit the command", output);
    admin(admin -> admin.aclSetuser("node", AclSetuserArgs.Builder.addCommand(CommandType.XADD)));
    expectRecovery();
  }

  @Test
  void aReplica(CapturedOutput output) {
    open(redis.url());
    admin(admin -> admin.replicaof("127.0.0.1", 1));
    expectRefusal("readonly", "it is a read-only replica", output);
    admin(RedisCommands::replicaofNoOne);
    expectRecovery();
  }

  @Test
  void aDiskThatIsGone(CapturedOutput output) throws IOException {
    redis.close();
    redis = RedisServer.start("--save", "3600 1000000");
    open(redis.url());
    String place = TestRedis.with(redis.url(), c -> c.sync().configGet("dir").get("dir"));
    Path directory = Path.of(place);
    try (Stream<Path> files = Files.walk(directory)) {
      files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
    }
    admin(RedisCommands::bgsave);
    await().until(() -> info("persistence").contains("rdb_last_bgsave_status:err"));
    expectRefusal("misconf", "it cannot save to disk (MISCONF)", output);
    admin(admin -> admin.configSet("stop-writes-on-bgsave-error", "no"));
    expectRecovery();
    Files.createDirectory(directory);
  }

  @Test
  void scriptingThatIsSwitchedOff(CapturedOutput output) {
    redis.close();
    redis = RedisServer.start("--rename-command", "EVALSHA", "", "--rename-command", "SCRIPT", "");
    open(redis.url(), false);
    await()
        .untilAsserted(
            () ->
                assertThat(backplane.status().problems())
                    .extracting(Problem::reason)
                    .contains("unknown_command"));
    assertThat(backplane.status().state()).isEqualTo(State.DOWN);
    assertThatThrownBy(() -> publish(TOPIC))
        .hasMessage(
            "The message was not accepted, because Redis rejected this node's connection; it does"
                + " not know a command that Drumline needs.");
    assertThat(output)
        .contains("cannot be used: it does not know a command that Drumline needs; use Redis 6.2");
  }

  @Test
  void loadingItsData(CapturedOutput output) {
    redis.close();
    redis =
        RedisServer.start(
            "--appendonly", "yes", "--key-load-delay", "20000", "--aof-use-rdb-preamble", "no");
    open(redis.url());
    admin(
        admin -> {
          for (int i = 0; i < 3; i++) {
            admin.mset(Map.of("a" + i, "x", "b" + i, "x"));
          }
        });
    redis.kill();
    await().until(() -> !backplane.available());
    CompletableFuture<Void> restart = CompletableFuture.runAsync(redis::restart);
    await().until(() -> backplane.available() || refused("loading") > 0);
    restart.join();
    expectRecovery();
    if (refused("loading") > 0) {
      assertThat(output).contains("cannot be used: it is loading its data into memory; wait");
    }
  }

  @Test
  void aCredentialThatIsWrong(CapturedOutput output) {
    open("redis://node:wrong@127.0.0.1:" + redis.port(), false);
    await().until(() -> refused("noauth") > 0);
    assertThat(backplane.status().state()).isEqualTo(State.DOWN);
    assertThat(output).contains("cannot be used: it does not accept the credentials; check spring");
  }

  @Test
  void aPolicyThatEvictsIsSaidAndWatched(CapturedOutput output) {
    admin(
        admin -> {
          admin.configSet("maxmemory", "1gb");
          admin.configSet("maxmemory-policy", "volatile-lru");
        });
    open(redis.url(), false);
    await()
        .untilAsserted(
            () ->
                assertThat(backplane.status().problems())
                    .extracting(Problem::reason)
                    .containsExactly("eviction"));
    assertThat(output).contains("Redis may evict keys, as its maxmemory-policy is volatile-lru:");
    assertThat(degraded("eviction")).isEqualTo(1);
    join(backplane.publish(draft(TOPIC)));
  }

  private void open(String url) {
    open(url, true);
  }

  private void open(String url, boolean ready) {
    backplane =
        Backplanes.at(url, meters, Retentions.DEFAULTS, "--drumline.redis.reconnect-max=100ms");
    backplane.start(new Inbox());
    if (ready) {
      await().until(backplane::available);
    }
  }

  private void expectRefusal(String reason, String clause, CapturedOutput output) {
    assertThatThrownBy(() -> publish(TOPIC))
        .isInstanceOf(BackplaneException.class)
        .hasMessage(
            "The message was not accepted, because Redis rejected the write; " + clause + ".");
    assertThat(backplane.status().state()).isNotEqualTo(State.UP);
    assertThat(backplane.status().problems()).extracting(Problem::reason).containsExactly(reason);
    assertThat(degraded(reason)).isEqualTo(1);
    assertThat(refused(reason)).isPositive();
    assertThat(output).contains("rejected a message: " + clause + ";").contains("it answered: ");
  }

  /** It must be quiet for some time before it counts as over. */
  private void expectRecovery() {
    await()
        .atMost(Duration.ofSeconds(30))
        .ignoreExceptionsInstanceOf(BackplaneException.class)
        .untilAsserted(
            () -> {
              join(backplane.publish(draft(TOPIC)));
              assertThat(backplane.status().problems()).isEmpty();
              assertThat(backplane.status().state()).isEqualTo(State.UP);
            });
  }

  private String info(String section) {
    return TestRedis.with(redis.url(), c -> c.sync().info(section));
  }

  private double refused(String reason) {
    return meters.get("drumline.redis.refusals").tag("reason", reason).counter().count();
  }

  private double degraded(String reason) {
    return meters.get("drumline.redis.degraded").tag("reason", reason).gauge().value();
  }

  private void admin(Consumer<RedisCommands<String, String>> task) {
    TestRedis.with(
        redis.url(),
        connection -> {
          task.accept(connection.sync());
          return 0;
        });
  }

  private void publish(Destination destination) {
    join(backplane.publish(draft(destination)));
  }

  private static Draft draft(Destination destination) {
    return new Draft(destination, new byte[0], "x".getBytes(UTF_8));
  }

  private static <T> T join(CompletionStage<T> stage) {
    try {
      return stage.toCompletableFuture().join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof BackplaneException refusal) {
        throw refusal;
      }
      throw e;
    }
  }
}
