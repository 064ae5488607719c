package io.drumline.hub;

import io.drumline.tracing.Delivery;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Flush once: the first write of a turn schedules one flush behind the tasks that already wait, so
 * that everything they deliver goes out in the same system calls. Nothing waits for a timer. Used
 * on the shard's event loop.
 */
final class Flushes {
  private final ShardLoop loop;
  private final OutboundPayments payments;
  private List<Group> dirtyGroups = new ArrayList<>();
  private List<Group> flushedGroups = new ArrayList<>();
  private List<Connection> dirtyConnections = new ArrayList<>();
  private List<Connection> flushedConnections = new ArrayList<>();
  private boolean scheduled;

  // Made once: what brings things in order after a lack of memory should not need any.
  private final Runnable flush = this::flush;

  /** What waits for the flush and is traced. */
  private final List<Delivery> traced = new ArrayList<>();

  /** Of what waits for the flush: when the first was published, if known, and handed over; or 0. */
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
   * A publication was just delivered to a topic: the flush that writes it is measured from here.
   *
   * @param published {@link System#nanoTime} of its publishing, or 0 where that is not known
   * @param handedOver the same of its hand-over by its owner
   */
  void measure(long published, long handedOver) {
    if (!scheduled) {
      return; // it was for nobody here
    }
    if (firstPublished == 0) {
      firstPublished = published;
    }
    if (firstHandedOver == 0) {
      firstHandedOver = handedOver;
    }
  }

  /** A publication that was just delivered to a topic is traced up to the flush that writes it. */
  void trace(Delivery delivery) {
    if (scheduled) {
      traced.add(delivery);
    } else {
      delivery.written(); // already, or it was for nobody here
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
    // Two lists in turn: a flush may make others dirty, and those wait for the next one.
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
