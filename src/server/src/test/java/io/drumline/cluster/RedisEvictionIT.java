package io.drumline.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.drumline.continuity.Load;
import io.drumline.continuity.Load.Clients;
import io.drumline.continuity.Proof;
import io.drumline.testing.redis.RedisServer;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;

/**
 * Redis evicts a third of its keys, by one policy after another, while clients come and go: whoever
 * misses something is told. Publishers stay connected here: one that sends a message again after
 * its id was evicted has it stored twice.
 */
class RedisEvictionIT {
  private static final List<String> POLICIES =
      List.of("volatile-ttl", "allkeys-random", "allkeys-lru");

  /** Less than can always be freed: publications are not refused meanwhile. */
  private static final long STEP_BYTES = 16 * 1024;

  @Test
  void whatIsEvictedIsTold() {
    try (RedisServer redis = RedisServer.start("--notify-keyspace-events", "Ee");
        Evictions evictions = new Evictions(redis.url());
        Node near = Node.on(redis.url(), "drumline.node-id=near");
        Node far = Node.on(redis.url(), "drumline.node-id=far")) {
      List<URI> urls = List.of(near.webSocket(), far.webSocket());
      Clients clients = Clients.resuming().someOfThemShared();
      Proof.under(
              new Load(urls, 60, 15, 150, 1000, clients),
              "keys evicted",
              run -> {
                run.reconnecting(Duration.ofSeconds(5));
                for (String policy : POLICIES) {
                  run.awaitAccepted(75);
                  evictions.evict(policy);
                }
                run.awaitAccepted(75).awaitCaughtUp();
              })
          .showsNothingUnflagged();
      assertThat(evictions.kinds).containsKeys("order", "history", "id", "session");
    }
  }

  /** Has a Redis evict keys, and hears which. */
  private static final class Evictions implements AutoCloseable {
    final Map<String, Integer> kinds = new ConcurrentHashMap<>();
    private final RedisClient client;
    private final RedisCommands<String, String> commands;

    Evictions(String url) {
      client = RedisClient.create(url);
      commands = client.connect().sync();
      var events = client.connectPubSub();
      events.addListener(
          new RedisPubSubAdapter<>() {
            @Override
            public void message(String channel, String key) {
              kinds.merge(kind(key), 1, Integer::sum);
            }
          });
      events.sync().subscribe("__keyevent@0__:evicted");
    }

    private static String kind(String key) {
      if (key.contains("}:i:")) {
        return "id";
      }
      return switch (key.substring(key.lastIndexOf(':') + 1)) {
        case "m" -> "order";
        case "s" -> "history";
        case "nodes" -> "leases";
        default -> key.startsWith("drumline:session:") ? "session" : key;
      };
    }

    /** Has a third of all keys evicted. */
    void evict(String policy) {
      commands.configSet("maxmemory-policy", policy);
      long wanted = figure("stats", "evicted_keys") + commands.dbsize() / 3;
      await(policy)
          .atMost(Node.PATIENCE)
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(1))
          .until(
              () -> {
                long limit = figure("memory", "used_memory") - STEP_BYTES;
                commands.configSet("maxmemory", Long.toString(limit));
                return figure("stats", "evicted_keys") >= wanted;
              });
      commands.configSet("maxmemory", "0");
    }

    private long figure(String section, String name) {
      return commands
          .info(section)
          .lines()
          .filter(line -> line.startsWith(name + ':'))
          .mapToLong(line -> Long.parseLong(line.substring(name.length() + 1).strip()))
          .findFirst()
          .orElseThrow();
    }

    @Override
    public void close() {
      client.close();
    }
  }
}
