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
 * One Redis that has keys: its connection for commands, and everything sent to it.
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

  /** Its role in the cluster. */
  private enum Role {
    /** It has keys. */
    SERVING,
    /** A master of a cluster without slots, needed only for slots being migrated to it. */
    SPARE
  }

  /**
   * @param place its address, for the log
   * @param opener opens a connection to it
   * @param topology finds the Redis that has a key that this one does not have
   * @param publishers finds the current publisher for a destination
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

  /** The connection, or null while there is none to use. Any thread. */
  public @Nullable StatefulConnection<String, byte[]> connection() {
    return link.connection();
  }

  /** Whether the first attempt to connect has ended; until then it may succeed. Any thread. */
  public boolean hasBeenTried() {
    return link.hasBeenTried();
  }

  /** The publisher, for any thread. */
  public RedisPublisher publisher() {
    return publisher;
  }

  /** The reader, for any thread. */
  public RedisReader reader() {
    return reader;
  }

  /** The probe, for any thread. */
  public RedisProbe probe() {
    return probe;
  }

  /** The eviction check, for any thread. */
  public EvictionCheck eviction() {
    return eviction;
  }

  /** It has slots. */
  void serve() {
    role = Role.SERVING;
    spareOutage.forget();
  }

  /** It has no slots. */
  void spare() {
    forgetRefusal();
    role = Role.SPARE;
  }

  /** Nothing depends on it any more: if it is unavailable, that is no problem. */
  private void forgetRefusal() {
    if (role == Role.SERVING && link.hasBeenTried() && link.connection() == null) {
      context.refusals().accepted(Operation.CONNECT);
    }
  }

  void open() {
    link.open();
  }

  /** It replaces another master and may be behind it, as after a lost connection. */
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

  /** Closes the connection to a Redis that is no longer a master. */
  public void replace() {
    link.replace("it is a read-only replica");
  }

  /**
   * Sends a probe, unless the previous ones show that a connection is dead.
   *
   * @return the verdict of the previous probes
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
        // the problem is not this connection
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

  /** Closes the connection for good; publications go to the master that has the keys now. */
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
