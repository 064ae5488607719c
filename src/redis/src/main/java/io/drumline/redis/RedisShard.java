package io.drumline.redis;

import io.lettuce.core.api.StatefulConnection;
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
  private final ShardContext context;
  private final Topology topology;
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
   * @param place where it is, for the log
   * @param opener opens a connection to it
   * @param topology who has what it has not
   */
  RedisShard(
      String place,
      Supplier<CompletionStage<StatefulConnection<String, byte[]>>> opener,
      ShardContext context,
      Topology topology) {
    spareOutage = new SpareOutage(place);
    this.context = context;
    this.topology = topology;
    RedisSettings settings = context.settings();
    link =
        new RedisLink<>(
            () -> opener.get().whenComplete((opened, failure) -> connected(failure)),
            this::prepare,
            settings.reconnectMax(),
            context.owner(),
            this,
            context.guard());
    publisher =
        new RedisPublisher(
            context.publish(),
            settings,
            context.publications(),
            context.owner(),
            link::connection,
            topology);
    reader =
        new RedisReader(
            context.read(),
            settings,
            context.metrics(),
            context.refusals(),
            context.owner(),
            link::connection,
            topology);
    probe =
        new RedisProbe(
            context.probeChannel(),
            settings,
            context.metrics(),
            context.refusals(),
            context.owner());
    eviction = new EvictionCheck(context.owner());
  }

  private CompletionStage<?> prepare(StatefulConnection<String, byte[]> connection) {
    return publisher
        .prepare(connection)
        .thenCombine(reader.prepare(connection), (one, two) -> two)
        .whenComplete((done, failure) -> connected(failure));
  }

  private void connected(@Nullable Throwable failure) {
    if (failure != null && role == Role.SERVING) {
      var unused = context.refusals().failed(Operation.CONNECT, failure);
    }
  }

  /** The connection, or null while there is none to use. From any thread. */
  @Nullable StatefulConnection<String, byte[]> connection() {
    return link.connection();
  }

  /** Whether the first attempt to connect has ended; until then it may succeed. Any thread. */
  boolean hasBeenTried() {
    return link.hasBeenTried();
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

  /** It takes over from another master and may be behind it, as after a lost connection. */
  void takesOver() {
    lost = true;
  }

  /** Says of one that is never opened that it will not have a connection. */
  void markUnavailable() {
    link.markUnavailable();
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
    eviction.check(connection);
    RedisProbe.Verdict verdict = probe.verdict();
    switch (verdict) {
      case ALIVE -> {
        link.proved();
        probe.send(connection);
      }
      case PENDING -> probe.send(connection);
      case PUBLISHER_SILENT -> link.replace(probe.failure());
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
      context.refusals().accepted(Operation.CONNECT);
      context.watcher().available();
    }
    if (lost) {
      context.metrics().reconnects.increment();
      context.watcher().restored();
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
      topology.refresh(); // it may be gone, or have slots
    } else {
      context.watcher().unavailable(reason);
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
