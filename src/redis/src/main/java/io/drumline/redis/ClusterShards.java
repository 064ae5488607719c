package io.drumline.redis;

import io.drumline.loop.TaskGuard;
import io.lettuce.core.RedisURI;
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
 * The masters of a Redis Cluster, a connection to each, also to those without slots: while their
 * first one is on its way, they are asked for what it had. Who has which slots is asked at the
 * start, whenever a connection is lost and whenever a master says that it has not what it was asked
 * for; what waits for a master goes to the one that has its slot then, in order.
 *
 * <p>Threads: everything runs on {@code owner}, except {@link #of}, {@link #all}, {@link #serving}
 * and {@link #look}.
 */
final class ClusterShards implements RedisShards {
  private static final long PAUSE_MILLIS = 200;
  private static final long LONG_PAUSE_MILLIS = 1000;

  /**
   * A master and the slots that it has.
   *
   * @param uri how to connect to it
   */
  record Master(RedisURI uri, List<Integer> slots) {
    String address() {
      return uri.getHost() + ':' + uri.getPort();
    }
  }

  private final Supplier<CompletionStage<List<Master>>> topology;
  private final Function<Master, RedisShard> shards;
  private final RedisKeys keys;
  private final EventExecutor owner;
  private final RedisShard.Watcher watcher;
  private final TaskGuard guard;

  /** Stands for those who have slots that nobody is known to have; it is never opened. */
  private final RedisShard nobody;

  private final AtomicBoolean looking = new AtomicBoolean();

  /** By address. */
  private Map<String, RedisShard> current = new HashMap<>();

  /** Those that have no keys any more, until they are empty. */
  private final List<RedisShard> retired = new ArrayList<>();

  private volatile Table table;

  /**
   * @param bySlot who has each slot
   * @param serving who has slots, without who stands for nobody
   * @param all these, and behind them masters that wait for their first slot
   */
  private record Table(
      List<RedisShard> bySlot, Collection<RedisShard> serving, Collection<RedisShard> all) {}

  /**
   * @param topology asks the cluster who has which slots
   * @param shards makes one that is not opened
   * @param nobody one that is never opened
   */
  ClusterShards(
      Supplier<CompletionStage<List<Master>>> topology,
      Function<Master, RedisShard> shards,
      RedisShard nobody,
      RedisKeys keys,
      EventExecutor owner,
      RedisShard.Watcher watcher,
      TaskGuard guard) {
    this.topology = topology;
    this.shards = shards;
    this.nobody = nobody;
    this.keys = keys;
    this.owner = owner;
    this.watcher = watcher;
    this.guard = guard;
    table = new Table(List.of(), List.of(), List.of());
  }

  @Override
  public RedisShard of(@Nullable String key) {
    Table table = this.table;
    if (key == null) {
      return table.all.stream()
          .filter(shard -> shard.connection() != null)
          .findFirst()
          .orElseGet(() -> table.all.stream().findFirst().orElse(nobody));
    }
    return table.bySlot.isEmpty() ? nobody : table.bySlot.get(SlotHash.getSlot(key));
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
    look();
  }

  @Override
  public void look() {
    if (!owner.isShuttingDown() && looking.compareAndSet(false, true)) {
      guard.stage(topology).whenComplete((masters, failure) -> run(() -> looked(masters, failure)));
    }
  }

  private void looked(@Nullable List<Master> masters, @Nullable Throwable failure) {
    guard.run(() -> use(masters, failure)); // whatever comes of it, it looks again
    boolean whole = masters != null && !table.bySlot.contains(nobody);
    // Whoever asks meanwhile is answered then: no storm of looks.
    var unused =
        owner.schedule(
            () -> {
              looking.set(false);
              if (!whole) {
                look();
              }
            },
            whole ? PAUSE_MILLIS : LONG_PAUSE_MILLIS,
            TimeUnit.MILLISECONDS);
  }

  private void use(@Nullable List<Master> masters, @Nullable Throwable failure) {
    if (masters != null) {
      apply(masters);
    } else {
      nobody.undecidedNoMore();
      watcher.down(failure == null ? "no topology" : FailureReason.of(failure));
    }
  }

  private void apply(List<Master> masters) {
    Map<String, RedisShard> next = new HashMap<>();
    RedisShard[] bySlot = new RedisShard[SlotHash.SLOT_COUNT];
    Arrays.fill(bySlot, nobody);
    List<RedisShard> opened = new ArrayList<>();
    List<RedisShard> serving = new ArrayList<>();
    List<RedisShard> waiting = new ArrayList<>();
    for (Master master : masters) {
      RedisShard shard = current.get(master.address());
      if (shard == null) {
        shard = shards.apply(master);
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
    table =
        new Table(
            List.of(bySlot),
            List.copyOf(serving),
            Stream.concat(serving.stream(), waiting.stream()).toList());
    nobody.undecidedNoMore();
    if (!next.keySet().containsAll(current.keySet())) {
      opened.forEach(RedisShard::succeeds);
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
  }

  /** What was sent to those who had a slot comes before what is sent to those who have it now. */
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
      shard.publisher().handOver(this::publisherOf);
    }
    retired.forEach(shard -> shard.publisher().handOver(this::publisherOf));
    retired.removeIf(shard -> shard.publisher().isEmpty());
    nobody.publisher().handOver(this::publisherOf);
  }

  private RedisPublisher publisherOf(PendingPublication publication) {
    return of(keys.meta(publication.destination)).publisher();
  }

  @Override
  public void expire() {
    all().forEach(RedisShard::expire);
    retired.forEach(RedisShard::expire);
    nobody.expire();
    if (!retired.isEmpty()) {
      handOver(); // of what was lost meanwhile
    }
  }

  @Override
  public CompletionStage<Void> close() {
    var unused = nobody.close();
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
