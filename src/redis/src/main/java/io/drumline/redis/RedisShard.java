package io.drumline.redis;

import io.drumline.loop.TaskGuard;
import io.drumline.redis.RedisRefusals.Operation;
import io.lettuce.core.api.StatefulConnection;
import io.netty.util.concurrent.EventExecutor;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One Redis that has keys: its connection for commands, and what is sent there.
 *
 * <p>Threads: everything runs on the backplane's, except what says otherwise.
 */
final class RedisShard implements RedisLink.Watcher {
  private final RedisLink<StatefulConnection<String, byte[]>> link;
  private final RedisPublisher publisher;
  private final RedisReader reader;
  private final RedisProbe probe;
  private final EvictionCheck eviction;
  private final SpareOutage spareOutage;
  private final Common common;
  private volatile Role role = Role.SERVING;
  private boolean lost;

  /** What depends on it. */
  private enum Role {
    /** It has keys. */
    SERVING,
    /** It is a master of a cluster that waits for its first slot: nothing is missing without it. */
    SPARE
  }

  /**
   * What the shards of a node share.
   *
   * @param probeChannel where they prove themselves
   */
  record Common(
      RedisSettings settings,
      RedisMetrics metrics,
      RedisRefusals refusals,
      EventExecutor owner,
      PublishScript publish,
      ReadScript read,
      Publications publications,
      String probeChannel,
      Watcher watcher,
      TaskGuard guard) {}

  /** Is told what becomes of shards. */
  interface Watcher {
    /** A shard can be used. */
    void up();

    /** It can be used again: its connection was lost before, or could not be opened. */
    void back();

    /** It cannot: its connection was lost, or could not be opened. */
    void down(String reason);

    /** Another shard may have what one is thought to have; any thread. */
    void misrouted();

    /** The connection to the shard at this address, or null where there is none. */
    @Nullable StatefulConnection<String, byte[]> connectionTo(String address);
  }

  /**
   * @param place where it is, for the log
   */
  RedisShard(
      String place,
      Supplier<CompletionStage<StatefulConnection<String, byte[]>>> opener,
      Common common) {
    spareOutage = new SpareOutage(place);
    this.common = common;
    RedisSettings settings = common.settings;
    link =
        new RedisLink<>(
            () -> opener.get().whenComplete((opened, failure) -> connecting(failure)),
            this::prepare,
            settings.reconnectMax(),
            common.owner,
            this,
            common.guard);
    publisher =
        new RedisPublisher(
            common.publish,
            settings,
            common.publications,
            common.owner,
            link::connection,
            common.watcher);
    reader =
        new RedisReader(
            common.read,
            settings,
            common.metrics,
            common.refusals,
            common.owner,
            link::connection,
            common.watcher);
    probe =
        new RedisProbe(
            common.probeChannel, settings, common.metrics, common.refusals, common.owner);
    eviction = new EvictionCheck(common.owner);
  }

  private CompletionStage<?> prepare(StatefulConnection<String, byte[]> connection) {
    return publisher
        .prepare(connection)
        .thenCombine(reader.prepare(connection), (one, two) -> two)
        .whenComplete((done, failure) -> connecting(failure));
  }

  private void connecting(@Nullable Throwable failure) {
    if (failure != null && role == Role.SERVING) {
      var unused = common.refusals.failed(Operation.CONNECT, failure);
    }
  }

  /** The connection, or null while there is none to use. From any thread. */
  @Nullable StatefulConnection<String, byte[]> connection() {
    return link.connection();
  }

  /** Whether it is known by now if there is a connection. From any thread. */
  boolean isDecided() {
    return link.isDecided();
  }

  /** Any thread may use it. */
  RedisPublisher publisher() {
    return publisher;
  }

  /** Any thread may use it. */
  RedisReader reader() {
    return reader;
  }

  /** Any thread may ask it. */
  RedisProbe probe() {
    return probe;
  }

  /** Any thread may ask it. */
  EvictionCheck eviction() {
    return eviction;
  }

  /** It has slots. */
  void serve() {
    role = Role.SERVING;
    spareOutage.forget();
  }

  /** It has none. */
  void spare() {
    role = Role.SPARE;
  }

  void open() {
    link.open();
  }

  /** Takes over from another master and may be behind it: its first connection is one again. */
  void succeeds() {
    lost = true;
  }

  /** Says of one that is never opened that it is known by now that it has no connection. */
  void undecidedNoMore() {
    link.decide();
  }

  void expire() {
    publisher.expire();
    reader.expire();
    if (publisher.wasReadOnly()) {
      replace();
    }
  }

  /** Gives up the connection to a Redis that is not master any more. */
  void replace() {
    link.replace("it is a read-only replica");
  }

  /**
   * Sends a probe, unless those before it show that a connection is dead.
   *
   * @return what was known before
   */
  RedisProbe.Verdict check() {
    StatefulConnection<String, byte[]> connection = link.connection();
    if (connection == null) {
      probe.reset();
      return RedisProbe.Verdict.PENDING;
    }
    eviction.look(connection);
    RedisProbe.Verdict verdict = probe.verdict();
    switch (verdict) {
      case ALIVE -> {
        link.proved();
        probe.send(connection);
      }
      case PENDING -> probe.send(connection);
      case PUBLISHER_SILENT -> link.replace(probe.complaint());
      case SUBSCRIBER_SILENT -> {
        // it is not this connection's fault
      }
    }
    return verdict;
  }

  @Override
  public void up() {
    publisher.resume();
    if (role == Role.SPARE) {
      spareOutage.over();
    } else {
      common.refusals.accepted(Operation.CONNECT);
      common.watcher.up();
    }
    if (lost) {
      common.metrics.reconnects.increment();
      common.watcher.back();
    }
  }

  @Override
  public void down(String reason) {
    lost = true;
    probe.reset();
    publisher.rejectWaiting();
    reader.rejectWaiting();
    if (role == Role.SPARE) {
      spareOutage.lasts(reason);
      common.watcher.misrouted(); // it may be gone, or have slots
    } else {
      common.watcher.down(reason);
    }
  }

  /** Gives up the connection for good; what it was asked goes to whoever has the keys now. */
  CompletionStage<Void> retire() {
    CompletionStage<Void> closed = link.close();
    reader.rejectWaiting();
    return closed;
  }

  /** Ends everything. */
  CompletionStage<Void> close() {
    CompletionStage<Void> closed = link.close();
    publisher.close();
    reader.rejectWaiting();
    return closed;
  }
}
