package io.drumline.hub;

import io.drumline.tracing.Delivery;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Batches flushes: the first write of a turn schedules one flush behind the tasks already queued,
 * so that everything they deliver is sent in the same system calls. No timer is involved. Used on
 * the shard's event loop.
 */
final class Flushes {
  private final ShardLoop loop;
  private final OutboundPayments payments;
  private List<Group> dirtyGroups = new ArrayList<>();
  private List<Group> flushedGroups = new ArrayList<>();
  private List<Connection> dirtyConnections = new ArrayList<>();
  private List<Connection> flushedConnections = new ArrayList<>();
  private boolean scheduled;

  // Created once: recovery from a lack of memory should not allocate.
  private final Runnable flush = this::flush;

  /** Traced deliveries that wait for the flush. */
  private final List<Delivery> traced = new ArrayList<>();

  /** When the first unflushed publication was published, if known, and passed on; or 0. */
  private long firstPublished;

  private long firstHandedOver;

  Flushes(ShardLoop loop, OutboundPayments payments) {
    this.loop = loop;
    this.payments = payments;
  }

  void dirty(Group group) {
    dirtyGroups.add(group);
    schedule();
  }

  void dirty(Connection connection) {
    dirtyConnections.add(connection);
    schedule();
  }

  /**
   * A publication was just delivered to a topic: measures the time until the flush that writes it.
   *
   * @param published {@link System#nanoTime} of its publishing, or 0 if unknown
   * @param handedOver {@link System#nanoTime} when its owner passed it on
   */
  void measure(long published, long handedOver) {
    if (!scheduled) {
      return; // it had no subscribers here
    }
    if (firstPublished == 0) {
      firstPublished = published;
    }
    if (firstHandedOver == 0) {
      firstHandedOver = handedOver;
    }
  }

  /** Traces a publication that was just delivered to a topic until the flush that writes it. */
  void trace(Delivery delivery) {
    if (scheduled) {
      traced.add(delivery);
    } else {
      delivery.written(); // already written, or without subscribers here
    }
  }

  private void schedule() {
    if (!scheduled) {
      loop.eventLoop.execute(flush);
      scheduled = true;
    }
  }

  private void flush() {
    scheduled = false;
    // Two lists in turn: entries added during a flush wait for the next one.
    List<Group> groups = dirtyGroups;
    dirtyGroups = flushedGroups;
    flushedGroups = groups;
    for (int i = 0; i < groups.size(); i++) {
      try {
        groups.get(i).flush();
      } catch (Throwable e) {
        loop.repairs.later(e);
      }
    }
    groups.clear();
    List<Connection> written = dirtyConnections;
    dirtyConnections = flushedConnections;
    flushedConnections = written;
    for (int i = 0; i < written.size(); i++) {
      Connection connection = written.get(i);
      try {
        connection.flush();
      } catch (Throwable e) {
        connection.abort(e);
      }
    }
    written.clear();
    try {
      loop.queues.flushed();
      payments.payIfOver();
      record();
    } catch (Throwable e) {
      loop.repairs.later(e);
    }
  }

  private void record() {
    long handedOver = firstHandedOver;
    long published = firstPublished;
    firstHandedOver = 0;
    firstPublished = 0;
    if (handedOver != 0) {
      long now = System.nanoTime();
      loop.metrics.fanout.record(now - handedOver, TimeUnit.NANOSECONDS);
      if (published != 0) {
        loop.metrics.deliver.record(now - published, TimeUnit.NANOSECONDS);
      }
    }
    if (!traced.isEmpty()) {
      try {
        traced.forEach(Delivery::written);
      } finally {
        traced.clear();
      }
    }
  }
}
