package io.drumline.testing.redis;

import static org.awaitility.Awaitility.await;

import io.lettuce.core.MigrateArgs;
import io.lettuce.core.cluster.SlotHash;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A Redis Cluster of several masters, some with a replica; each a process. */
public final class ClusteredRedis implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int SLOTS_PER_COMMAND = 512;

  private final Function<String[], RedisServer> starter;
  private final int serving;
  private final List<RedisServer> masters;
  private final List<RedisServer> servers = new ArrayList<>();

  /**
   * @param replicas how many of the masters have one, the first ones
   */
  public ClusteredRedis(int masters, int replicas, String... arguments) {
    this(RedisServer::start, masters, 0, replicas, arguments);
  }

  /** The oldest Redis that is supported: a master that has all slots, and one that has none. */
  public static ClusteredRedis ofOldest() {
    return new ClusteredRedis(RedisServer::oldest, 1, 1, 0);
  }

  private ClusteredRedis(
      Function<String[], RedisServer> starter,
      int serving,
      int empty,
      int replicas,
      String... arguments) {
    this.starter = starter;
    this.serving = serving;
    int masters = serving + empty;
    this.masters = IntStream.range(0, masters).mapToObj(each -> start(arguments)).toList();
    for (int n = 0; n < serving; n++) {
      int from = SlotHash.SLOT_COUNT * n / serving;
      int to = SlotHash.SLOT_COUNT * (n + 1) / serving;
      addSlots(this.masters.get(n), from, to);
    }
    for (int n = 0; n < replicas; n++) {
      start(arguments);
    }
    meet();
    for (int n = 0; n < replicas; n++) {
      replicate(servers.get(masters + n), this.masters.get(n));
    }
    awaitWhole();
  }

  private RedisServer start(String... arguments) {
    RedisServer server =
        starter.apply(
            Stream.concat(
                    Stream.of(
                        "--cluster-enabled", "yes",
                        "--cluster-announce-ip", "127.0.0.1",
                        "--cluster-node-timeout", "1000",
                        "--repl-diskless-sync-delay", "0"),
                    Stream.of(arguments))
                .toArray(String[]::new));
    servers.add(server);
    return server;
  }

  private static void addSlots(RedisServer server, int from, int to) {
    TestRedis.with(
        server.url(),
        connection -> {
          for (int slot = from; slot < to; slot += SLOTS_PER_COMMAND) {
            int end = Math.min(slot + SLOTS_PER_COMMAND, to);
            connection.sync().clusterAddSlots(IntStream.range(slot, end).toArray());
          }
          return 0;
        });
  }

  private void meet() {
    RedisServer first = servers.get(0);
    TestRedis.with(
        first.url(),
        connection -> {
          for (RedisServer other : servers.subList(1, servers.size())) {
            connection.sync().clusterMeet("127.0.0.1", other.port());
          }
          return 0;
        });
    for (RedisServer each : servers) {
      awaitOf(each, "cluster_known_nodes:" + servers.size());
    }
  }

  private static void replicate(RedisServer replica, RedisServer master) {
    String id = id(master);
    TestRedis.with(
        replica.url(),
        connection -> {
          await()
              .atMost(PATIENCE)
              .ignoreExceptions()
              .until(() -> connection.sync().clusterReplicate(id).equals("OK"));
          await()
              .atMost(PATIENCE)
              .until(() -> connection.sync().info("replication").contains("master_link_status:up"));
          return 0;
        });
  }

  /** Waits until all agree that all slots are served. */
  public void awaitWhole() {
    servers.forEach(each -> awaitOf(each, "cluster_state:ok"));
  }

  private static void awaitOf(RedisServer server, String state) {
    TestRedis.with(
        server.url(),
        connection -> {
          await().atMost(PATIENCE).until(() -> connection.sync().clusterInfo().contains(state));
          return 0;
        });
  }

  /** The value of {@code spring.data.redis.cluster.nodes}: some of them. */
  public String nodes() {
    return masters.stream()
        .limit(2)
        .map(each -> "127.0.0.1:" + each.port())
        .collect(Collectors.joining(","));
  }

  /** The number of the master that has had this key from the start. */
  public int masterOf(String key) {
    return SlotHash.getSlot(key) * serving / SlotHash.SLOT_COUNT;
  }

  public RedisServer master(int number) {
    return masters.get(number);
  }

  public List<RedisServer> masters() {
    return masters;
  }

  /** Waits until the replica of this master has taken its place. */
  public void awaitFailover(int number) {
    TestRedis.with(
        replica(number).url(),
        connection -> {
          await()
              .atMost(PATIENCE)
              .until(() -> connection.sync().info("replication").contains("role:master"));
          return 0;
        });
  }

  /** The replica of this master takes its place, in agreement with it. */
  public void failOver(int number) {
    TestRedis.with(replica(number).url(), connection -> connection.sync().clusterFailover(false));
    awaitFailover(number);
  }

  private RedisServer replica(int number) {
    return servers.get(masters.size() + number);
  }

  /** Moves the slot of a key to another master, as a resharding does. */
  public void move(String key, int from, int to) {
    beginMove(key, from, to);
    moveKeys(key, from, to);
    endMove(key, from, to);
  }

  /** The slot of a key is on its way to another master: what is new there goes to the other one. */
  public void beginMove(String key, int from, int to) {
    int slot = SlotHash.getSlot(key);
    String source = id(masters.get(from));
    String target = id(masters.get(to));
    TestRedis.with(
        masters.get(to).url(),
        connection -> connection.sync().clusterSetSlotImporting(slot, source));
    TestRedis.with(
        masters.get(from).url(),
        connection -> connection.sync().clusterSetSlotMigrating(slot, target));
  }

  /** The keys of a slot that is on its way are moved. */
  public void moveKeys(String key, int from, int to) {
    int slot = SlotHash.getSlot(key);
    TestRedis.with(
        masters.get(from).url(),
        connection -> {
          List<String> keys = connection.sync().clusterGetKeysInSlot(slot, 1);
          while (!keys.isEmpty()) {
            connection
                .sync()
                .migrate(
                    "127.0.0.1",
                    masters.get(to).port(),
                    0,
                    5000,
                    MigrateArgs.Builder.keys(keys.toArray(String[]::new)));
            keys = connection.sync().clusterGetKeysInSlot(slot, 1);
          }
          return 0;
        });
  }

  /** A slot that was on its way is the other master's. */
  public void endMove(String key, int from, int to) {
    int slot = SlotHash.getSlot(key);
    String target = id(masters.get(to));
    for (int each : new int[] {to, from}) {
      TestRedis.with(
          masters.get(each).url(),
          connection -> connection.sync().clusterSetSlotNode(slot, target));
    }
  }

  private static String id(RedisServer server) {
    return TestRedis.with(server.url(), connection -> connection.sync().clusterMyId());
  }

  @Override
  public void close() {
    servers.forEach(RedisServer::close);
  }
}
