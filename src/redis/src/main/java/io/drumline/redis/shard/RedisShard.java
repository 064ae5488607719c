package io.drumline.redis.shard;

import io.drumline.message.Destination;
import io.drumline.redis.connection.ConnectionWatcher;
import io.drumline.redis.connection.EvictionCheck;
import io.drumline.redis.connection.ProbeVerdict;
import io.drumline.redis.connection.RedisLink;
import io.drumline.redis.connection.RedisProbe;
import io.drumline.redis.connection.Topology;
import io.drumline.redis.history.RedisReader;
import io.drumline.redis.publish.RedisPublisher;
import io.drumline.redis.settings.RedisSettings;
import io.drumline.redis.status.Operation;
import io.drumline.redis.status.SpareOutage;
import io.lettuce.core.api.StatefulConnection;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One Redis that has keys: its connection for commands, and what is sent there.
 *
 * <p>Threads: everything runs on the backplane's, except where a method says otherwise.
 */
public final class RedisShard implements ConnectionWatcher {
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
    /** It is a master of a cluster without slots: only what is being moved to it needs it. */
    SPARE
  }

  /**
   * @param place where it is, for the log
   * @param opener opens a connection to it
   * @param topology finds the Redis that has a key that this one does not have
   * @param publishers finds the one that publishes to a destination now
   */
  RedisShard(
      String place,
      Supplier<CompletionStage<StatefulConnection<String, byte[]>>> opener,
      ShardContext context,
      Topology topology,
      Function<Destination, RedisPublisher> publishers) {
    spareOutage = new SpareOutage(place);
    this.context = context;
    this.topology = topology;
    RedisSettings settings = context.settings();
    link =
        new RedisLink<>(
            () -> opener.get().whenComplete((opened, failure) -> connectAttempted(failure)),
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
            topology,
            publishers);
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
        .whenComplete((done, failure) -> connectAttempted(failure));
  }

  private void connectAttempted(@Nullable Throwable failure) {
    if (failure != null && role == Role.SERVING) {
      var unused = context.refusals().failed(Operation.CONNECT, failure);
    }
  }

  /** The connection, or null while there is none to use. From any thread. */
  public @Nullable StatefulConnection<String, byte[]> connection() {
    return link.connection();
  }

  /** Whether the first attempt to connect has ended; until then it may succeed. Any thread. */
  public boolean hasBeenTried() {
    return link.hasBeenTried();
  }

  /** Any thread may use it. */
  public RedisPublisher publisher() {
    return publisher;
  }

  /** Any thread may use it. */
  public RedisReader reader() {
    return reader;
  }

  /** Any thread may ask it. */
  public RedisProbe probe() {
    return probe;
  }

  /** Any thread may ask it. */
  public EvictionCheck eviction() {
    return eviction;
  }

  /** It has slots. */
  void serve() {
    role = Role.SERVING;
    spareOutage.forget();
  }

  /** It has none. */
  void spare() {
    forgetRefusal();
    role = Role.SPARE;
  }

  /** Nothing depends on it any more: that it cannot be used is no problem. */
  private void forgetRefusal() {
    if (role == Role.SERVING && link.hasBeenTried() && link.connection() == null) {
      context.refusals().accepted(Operation.CONNECT);
    }
  }

  void open() {
    link.open();
  }

  /** It takes over from another master and may be behind it, as after a lost connection. */
  void takesOver() {
    lost = true;
  }

  /** It is never opened: there will be no connection. */
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
  public void replace() {
    link.replace("it is a read-only replica");
  }

  /**
   * Sends a probe, unless those before it show that a connection is dead.
   *
   * @return what was known before
   */
  public ProbeVerdict check() {
    StatefulConnection<String, byte[]> connection = link.connection();
    if (connection == null) {
      probe.reset();
      return ProbeVerdict.PENDING;
    }
    eviction.check(connection);
    ProbeVerdict verdict = probe.verdict();
    switch (verdict) {
      case ALIVE -> {
        link.resetBackoff();
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
  public void connected() {
    publisher.resume();
    if (role == Role.SPARE) {
      spareOutage.over();
    } else {
      context.refusals().accepted(Operation.CONNECT);
    }
    context.watcher().available();
    if (lost) {
      context.metrics().reconnected();
      context.watcher().restored();
    }
  }

  @Override
  public void disconnected(String reason) {
    lost = true;
    probe.reset();
    publisher.rejectWaiting();
    reader.rejectWaiting();
    if (role == Role.SPARE) {
      spareOutage.lasts(reason);
      context.watcher().tried();
      topology.refresh(); // it may be gone, or have slots
    } else {
      context.watcher().unavailable(reason);
    }
  }

  /** Gives up the connection for good; what waits goes to the master that has the keys now. */
  CompletionStage<Void> retire() {
    forgetRefusal();
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
