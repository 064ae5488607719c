package io.drumline.hub;

import io.drumline.hub.outbound.OutboundQueue;
import io.drumline.message.CloseCode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/** The connections of one event loop. Used on that loop. */
final class Connections {
  private final ShardLoop loop;
  private final List<Subscriber> all = new ArrayList<>();

  /** Subscribers with subscriptions that are not live yet. */
  private final Set<Subscriber> catchingUp = new LinkedHashSet<>();

  private final Consumer<Subscriber> catchesUp = catchingUp::add;

  Connections(ShardLoop loop) {
    this.loop = loop;
  }

  void add(Connection connection) {
    connection.index = all.size();
    all.add(new Subscriber(connection, loop, catchesUp));
    loop.counts.connections(all.size());
  }

  void remove(Connection connection) {
    Subscriber last = all.remove(all.size() - 1);
    Subscriber gone = last;
    if (last.connection != connection) {
      gone = all.set(connection.index, last);
      last.connection.index = connection.index;
    }
    connection.index = -1;
    loop.counts.connections(all.size());
    catchingUp.remove(gone);
    if (all.isEmpty()) {
      loop.queues.sweep(); // the tick may have stopped
    }
  }

  /** The connection's subscriber; a detached one if the connection has ended. */
  Subscriber subscriber(Connection connection) {
    return connection.index < 0
        ? new Subscriber(connection, loop, catchesUp)
        : all.get(connection.index);
  }

  int size() {
    return all.size();
  }

  /** In no order; removal moves the last one to the freed index. */
  Connection get(int place) {
    return all.get(place).connection;
  }

  void closeAll(CloseCode code, String reason) {
    List.copyOf(all).forEach(each -> each.connection.close(code, reason));
  }

  List<WeighedConnection> weigh() {
    List<WeighedConnection> weighed = new ArrayList<>();
    for (Subscriber each : all) {
      if (each.connection.open()) {
        weighed.add(new WeighedConnection(each.connection, each.weight()));
      }
    }
    return weighed;
  }

  List<Connection> open() {
    return all.stream().map(each -> each.connection).filter(Connection::open).toList();
  }

  /** Called each tick, for subscribers that are catching up. */
  void tick() {
    if (catchingUp.isEmpty()) {
      return;
    }
    try {
      catchingUp.removeIf(Subscriber::endCatchUps);
      List.copyOf(catchingUp).forEach(Subscriber::tick); // a tick may add others
    } catch (Throwable e) {
      loop.failures.tell(e); // the next tick goes on
    }
  }

  /** Measures the bytes in the outbound queues. */
  void sampleQueues() {
    long sum = 0;
    for (Subscriber each : all) {
      OutboundQueue queue = each.connection.queue();
      queue.changed();
      sum += queue.bytes();
    }
    loop.counts.queueBytes(sum);
  }
}
