package io.drumline.redis.shard;

import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.drumline.redis.connection.ClusterMaster;
import io.drumline.redis.format.RedisKeys;
import io.drumline.redis.publish.PublishQueue;
import io.drumline.redis.publish.RedisPublisher;
import io.drumline.redis.status.FailureReason;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.cluster.SlotHash;
import io.netty.util.concurrent.EventExecutor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The masters of a Redis Cluster, with a connection to each, including those without slots: while
 * their first slot is being migrated, they are asked for its keys. The topology is requested at the
 * start, whenever a connection is lost, and whenever a master answers that it does not have a key.
 * Publications that wait for a master then go to the one that has their slot, in order.
 *
 * <p>Threads: everything runs on {@code owner}, except {@link #of}, {@link #publish}, {@link
 * #publisherOf}, {@link #all}, {@link #serving} and {@link #refresh}.
 */
public final class ClusterShards implements RedisShards {
  private static final long PAUSE_MILLIS = 200;
  private static final long LONG_PAUSE_MILLIS = 1000;

  private final Supplier<CompletionStage<List<ClusterMaster>>> masters;
  private final Function<ClusterMaster, CompletionStage<StatefulConnection<String, byte[]>>>
      connections;
  private final RedisKeys keys;
  private final ShardContext context;
  private final EventExecutor owner;
  private final PublishQueue publishing;

  /** Represents the master of slots that have no known master; it is never opened. */
  private final RedisShard unassigned;

  private final AtomicBoolean refreshing = new AtomicBoolean();

  /** By address. */
  private Map<String, RedisShard> current = new HashMap<>();

  /** Shards without keys, until they are empty. */
  private final List<RedisShard> retired = new ArrayList<>();

  private volatile Table table;

  /**
   * @param bySlot the master of each slot
   * @param serving masters with slots, without {@code unassigned}
   * @param all these, followed by masters that wait for their first slot
   */
  private record Table(
      List<RedisShard> bySlot, Collection<RedisShard> serving, Collection<RedisShard> all) {}

  /**
   * @param place the cluster's address, for the log
   * @param masters requests the cluster's masters and their slots
   * @param connections opens a connection to a master
   */
  public ClusterShards(
      String place,
      Supplier<CompletionStage<List<ClusterMaster>>> masters,
      Function<ClusterMaster, CompletionStage<StatefulConnection<String, byte[]>>> connections,
      RedisKeys keys,
      ShardContext context) {
    this.masters = masters;
    this.connections = connections;
    this.keys = keys;
    this.context = context;
    owner = context.owner();
    unassigned = new RedisShard(place, ClusterShards::never, context, this, this::publisherOf);
    table = new Table(List.of(), List.of(), List.of());
    publishing = new PublishQueue(context.publish(), owner, this::publisherOf);
  }

  private static CompletionStage<StatefulConnection<String, byte[]>> never() {
    return CompletableFuture.failedFuture(new IllegalStateException("no master has these slots"));
  }

  @Override
  public RedisShard of(@Nullable String key) {
    Table table = this.table;
    if (key == null) {
      return table.all.stream()
          .filter(shard -> shard.connection() != null)
          .findFirst()
          .orElseGet(() -> table.all.stream().findFirst().orElse(unassigned));
    }
    return table.bySlot.isEmpty() ? unassigned : table.bySlot.get(SlotHash.getSlot(key));
  }

  @Override
  public Collection<RedisShard> all() {
    return table.all;
  }

  @Override
  public Collection<RedisShard> serving() {
    return table.serving;
  }

  @Override
  public @Nullable StatefulConnection<String, byte[]> connectionTo(String address) {
    RedisShard shard = current.get(address);
    return shard == null ? null : shard.connection();
  }

  @Override
  public void start() {
    refresh();
  }

  @Override
  public void refresh() {
    if (!owner.isShuttingDown() && refreshing.compareAndSet(false, true)) {
      context
          .guard()
          .stage(masters)
          .whenComplete((found, failure) -> run(() -> refreshed(found, failure)));
    }
  }

  private void refreshed(@Nullable List<ClusterMaster> masters, @Nullable Throwable failure) {
    context.guard().run(() -> use(masters, failure)); // on failure it asks again below
    boolean whole = masters != null && !table.bySlot.contains(unassigned);
    // Refreshes requested before the pause ends are merged, to avoid a storm of requests.
    var unused =
        owner.schedule(
            () -> {
              refreshing.set(false);
              if (!whole) {
                refresh();
              }
            },
            whole ? PAUSE_MILLIS : LONG_PAUSE_MILLIS,
            TimeUnit.MILLISECONDS);
  }

  private void use(@Nullable List<ClusterMaster> masters, @Nullable Throwable failure) {
    if (masters != null) {
      apply(masters);
    } else {
      unassigned.markUnavailable();
      context.watcher().unavailable(failure == null ? "no topology" : FailureReason.of(failure));
    }
  }

  private void apply(List<ClusterMaster> masters) {
    Map<String, RedisShard> next = new HashMap<>();
    RedisShard[] bySlot = new RedisShard[SlotHash.SLOT_COUNT];
    Arrays.fill(bySlot, unassigned);
    List<RedisShard> opened = new ArrayList<>();
    List<RedisShard> serving = new ArrayList<>();
    List<RedisShard> waiting = new ArrayList<>();
    for (ClusterMaster master : masters) {
      RedisShard shard = current.get(master.address());
      if (shard == null) {
        shard = shard(master);
        opened.add(shard);
      }
      next.put(master.address(), shard);
      if (master.slots().isEmpty()) {
        shard.spare();
        waiting.add(shard);
      } else {
        shard.serve();
        serving.add(shard);
      }
      for (int slot : master.slots()) {
        bySlot[slot] = shard;
      }
    }
    Table before = table;
    // Whether an unavailable master has lost all of its slots to others.
    boolean unneeded =
        before.serving.stream()
            .anyMatch(shard -> shard.connection() == null && !serving.contains(shard));
    table =
        new Table(
            List.of(bySlot),
            List.copyOf(serving),
            Stream.concat(serving.stream(), waiting.stream()).toList());
    unassigned.markUnavailable();
    if (!next.keySet().containsAll(current.keySet())) {
      opened.forEach(RedisShard::takesOver);
    }
    current.forEach(
        (address, shard) -> {
          if (!next.containsKey(address)) {
            retired.add(shard);
            var unused = shard.retire();
          }
        });
    current = next;
    opened.forEach(RedisShard::open);
    follow(before);
    handOver();
    all().forEach(shard -> shard.publisher().resume());
    if (unneeded) {
      context.watcher().available(); // all slots may be reachable now
    }
  }

  private RedisShard shard(ClusterMaster master) {
    return new RedisShard(
        master.address(), () -> connections.apply(master), context, this, this::publisherOf);
  }

  /** Publications sent to a slot's previous master are settled before new ones go to the next. */
  private void follow(Table before) {
    Map<RedisShard, Set<RedisShard>> followed = new HashMap<>();
    for (int slot = 0; slot < before.bySlot.size(); slot++) {
      RedisShard old = before.bySlot.get(slot);
      RedisShard now = table.bySlot.get(slot);
      if (old != now && followed.computeIfAbsent(now, one -> new HashSet<>()).add(old)) {
        now.publisher().follow(old.publisher());
      }
    }
  }

  private void handOver() {
    for (RedisShard shard : all()) {
      shard.publisher().handOver();
    }
    retired.forEach(shard -> shard.publisher().handOver());
    retired.removeIf(shard -> shard.publisher().isEmpty());
    unassigned.publisher().handOver();
  }

  @Override
  public CompletionStage<String> publish(Draft draft) {
    return publishing.publish(draft);
  }

  @Override
  public RedisPublisher publisherOf(Destination destination) {
    return of(keys.meta(destination)).publisher();
  }

  @Override
  public void expire() {
    all().forEach(RedisShard::expire);
    retired.forEach(RedisShard::expire);
    unassigned.expire();
    if (!retired.isEmpty()) {
      handOver(); // publications that were lost meanwhile
    }
  }

  @Override
  public CompletionStage<Void> close() {
    publishing.distribute(); // to publishers, which reject them
    var unused = unassigned.close();
    return CompletableFuture.allOf(
        all().stream()
            .map(shard -> shard.close().toCompletableFuture())
            .toArray(CompletableFuture[]::new));
  }

  private void run(Runnable task) {
    if (!owner.isShuttingDown()) {
      owner.execute(task);
    }
  }
}
