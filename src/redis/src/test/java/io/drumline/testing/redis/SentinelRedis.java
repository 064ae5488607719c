package io.drumline.testing.redis;

import static org.awaitility.Awaitility.await;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.sentinel.api.sync.RedisSentinelCommands;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A master, its replica and three Sentinels that watch them, each a process of its own; all of them
 * ask for a password.
 */
public final class SentinelRedis implements AutoCloseable {
  private static final String PASSWORD = "redis-secret";
  private static final String SENTINEL_PASSWORD = "sentinel-secret";
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Deque<RedisServer> servers = new ArrayDeque<>();
  private final RedisServer master;
  private final RedisServer replica;
  private final List<RedisServer> sentinels;

  public SentinelRedis() {
    master = opened(RedisServer.start(arguments()));
    replica = opened(RedisServer.start(arguments("--replicaof", "127.0.0.1", port(master))));
    awaitReplication(replica, "master_link_status:up");
    sentinels = IntStream.range(0, 3).mapToObj(each -> opened(sentinel())).toList();
    sentinels.forEach(SentinelRedis::awaitQuorum);
  }

  /** Properties of a node, as docs/operations.md says. */
  public String[] properties() {
    return new String[] {
      "drumline.backplane=redis",
      "spring.data.redis.sentinel.master=chat",
      "spring.data.redis.sentinel.nodes="
          + sentinels.stream()
              .map(each -> "127.0.0.1:" + each.port())
              .collect(Collectors.joining(",")),
      "spring.data.redis.sentinel.password=" + SENTINEL_PASSWORD,
      "spring.data.redis.password=" + PASSWORD
    };
  }

  /** The one that is master at first. */
  public RedisServer master() {
    return master;
  }

  /** Waits until the one that was the replica at first is master. */
  public void awaitFailover() {
    awaitReplication(replica, "role:master");
  }

  /** Waits until the first master, which runs again, is the replica of the other one. */
  public void awaitDemotion() {
    awaitReplication(master, "role:slave");
    awaitReplication(master, "master_link_status:up");
  }

  /** Makes the first one master again, while both run. */
  public void failBack() {
    ask(sentinels.get(0), commands -> commands.failover("chat"));
    awaitReplication(master, "role:master");
    awaitReplication(replica, "role:slave");
  }

  private RedisServer opened(RedisServer server) {
    servers.push(server);
    return server;
  }

  private RedisServer sentinel() {
    return RedisServer.sentinel(
        "requirepass " + SENTINEL_PASSWORD,
        "sentinel monitor chat 127.0.0.1 " + port(master) + " 2",
        "sentinel auth-pass chat " + PASSWORD,
        "sentinel sentinel-pass " + SENTINEL_PASSWORD,
        "sentinel down-after-milliseconds chat 1000",
        "sentinel failover-timeout chat 3000");
  }

  private static String[] arguments(String... more) {
    return Stream.concat(
            Stream.of(
                "--requirepass",
                PASSWORD,
                "--masterauth",
                PASSWORD,
                "--repl-diskless-sync-delay",
                "0"),
            Stream.of(more))
        .toArray(String[]::new);
  }

  private static String port(RedisServer server) {
    return Integer.toString(server.port());
  }

  private static String url(RedisServer server) {
    return "redis://:" + PASSWORD + "@127.0.0.1:" + server.port();
  }

  private static void awaitReplication(RedisServer server, String state) {
    await()
        .atMost(PATIENCE)
        .ignoreExceptions()
        .until(
            () ->
                TestRedis.with(url(server), connection -> connection.sync().info("replication"))
                    .contains(state));
  }

  /** Until it knows the replica and the other two. */
  private static void awaitQuorum(RedisServer sentinel) {
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                ask(
                    sentinel,
                    commands ->
                        "2".equals(commands.master("chat").get("num-other-sentinels"))
                            && commands.replicas("chat").stream()
                                .anyMatch(each -> "ok".equals(each.get("master-link-status")))));
  }

  private static <T> T ask(
      RedisServer sentinel, Function<RedisSentinelCommands<String, String>, T> task) {
    RedisURI uri =
        RedisURI.builder()
            .withHost("127.0.0.1")
            .withPort(sentinel.port())
            .withPassword(SENTINEL_PASSWORD.toCharArray())
            .build();
    try (RedisClient client = RedisClient.create(uri)) {
      return task.apply(client.connectSentinel(uri).sync());
    }
  }

  @Override
  public void close() {
    servers.forEach(RedisServer::close);
  }
}
