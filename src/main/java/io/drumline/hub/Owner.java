package io.drumline.hub;

import io.drumline.backplane.Backplane;
import io.drumline.backplane.History;
import io.drumline.loop.ThrottledLog;
import io.drumline.message.Destination;
import io.drumline.message.Gap;
import io.drumline.message.Publication;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Keeps the order of the destinations that hash to one event loop, and this node's interest in
 * them: subscribed at the backplane while any shard has a subscriber, and a little longer. Touched
 * on its loop only.
 */
final class Owner {
  static final Duration TICK = Duration.ofMillis(100);

  private static final long TICK_MILLIS = TICK.toMillis();

  /** How long what was kept for joiners stays after the last of them asked. */
  private static final long KEEP_PAST_MILLIS = 10_000;

  /** Destinations that linger after their last subscriber; beyond them each goes at once. */
  private static final int MOST_LINGERING = 4096;

  private static final long FIRST_PAUSE_MILLIS = 20;
  private static final long LONGEST_PAUSE_MILLIS = 1000;

  private final EventLoop loop;
  private final Backplane backplane;
  private final HubMetrics metrics;
  private final HubProperties properties;
  private final ThrottledLog failures = new ThrottledLog(LoggerFactory.getLogger(Owner.class));
  private final HandOver handOver;

  /** Whether a destination is marked to be repaired, and whether all may have lost something. */
  private volatile boolean someFailed;

  private volatile boolean allDoubtful;

  private volatile boolean dropped;
  private final CatchUpMemory memory;
  private final HistoryReads reads;
  private final IdleChecks checks;
  private final Map<Destination, Owned> owned = new HashMap<>();
  private int lingering;

  /** How often {@link #tick} was called: a clock that stands still with the loop. */
  private long ticks;

  /**
   * A subscription that joins a destination's order.
   *
   * @param question that this answers; an older one is answered no more
   */
  record Joiner(ShardTopic topic, Subscription subscription, int question) {}

  /**
   * @param owners how many there are: limits of the node are shared among them
   */
  Owner(
      EventLoop loop,
      Backplane backplane,
      Watch watch,
      HubMetrics metrics,
      HubProperties properties,
      int owners) {
    this.loop = loop;
    this.backplane = backplane;
    this.metrics = metrics;
    this.properties = properties;
    handOver = new HandOver(loop, watch, metrics, properties.backlogLimit().toBytes());
    int mostReads = Math.max(1, properties.maxReads() / owners);
    reads = new HistoryReads(mostReads, metrics);
    checks =
        new IdleChecks(
            Math.max(1, properties.idleCheck().toMillis() / TICK_MILLIS),
            Math.max(1, mostReads / 2),
            reads::hasRoom);
    memory =
        new CatchUpMemory(
            properties.catchUpLimit().toBytes() / owners, KEEP_PAST_MILLIS / TICK_MILLIS, metrics);
  }

  EventLoop loop() {
    return loop;
  }

  /** A shard has its first subscriber. Idempotent. */
  void join(ShardTopic topic) {
    try {
      joinNow(topic);
    } catch (Throwable e) {
      topic.unanswered(e);
    }
  }

  private void joinNow(ShardTopic topic) {
    Owned entry = owned.get(topic.destination);
    if (entry == null) {
      entry = begin(topic.destination);
    }
    if (!entry.topics.contains(topic)) {
      entry.topics.add(topic);
    }
    if (entry.live) {
      handOver.live(List.of(topic));
    }
  }

  private Owned begin(Destination destination) {
    Owned entry = new Owned(destination);
    owned.put(destination, entry);
    try {
      if (entry.order != null) {
        checks.add(entry, ticks);
      }
      backplane.subscribe(destination).thenRun(() -> confirmed(entry));
      return entry;
    } catch (Throwable e) {
      owned.remove(destination);
      entry.gone = true;
      throw e;
    }
  }

  /** A shard has lost its last subscriber; others may come soon, so the subscription lingers. */
  void leave(ShardTopic topic) {
    Owned entry = owned.get(topic.destination);
    if (entry == null) {
      return;
    }
    entry.topics.remove(topic);
    if (entry.topics.isEmpty()) {
      entry.emptySince = System.nanoTime();
      if (!entry.leaving) {
        entry.leaving = true;
        linger(1);
        if (lingering <= MOST_LINGERING) {
          releaseAfter(properties.linger().toNanos(), entry);
        } else {
          forget(entry);
        }
      }
    }
  }

  /** A subscription of a topic that has joined goes on from a point of the past. */
  void resume(
      ShardTopic topic, Subscription subscription, Start start, boolean started, int question) {
    Owned entry = owned.get(topic.destination);
    if (entry == null || entry.order == null) {
      return;
    }
    try {
      entry.order.join(new Joiner(topic, subscription, question), start, started);
      memory.used(entry, ticks);
    } catch (Throwable e) {
      entry.failed(e);
    }
  }

  /**
   * A publication in its destination's order.
   *
   * @param arrived at this node, by {@link System#nanoTime}, where messages are traced
   */
  void received(Publication publication, Frames.Payload kind, long arrived) {
    Owned entry = owned.get(publication.destination());
    if (entry == null) {
      return; // unsubscribed meanwhile
    }
    if (entry.order == null) {
      entry.deliver(publication, kind, arrived);
    } else {
      entry.heardAt = ticks;
      entry.current = publication;
      entry.currentKind = kind;
      entry.currentArrived = arrived;
      try {
        entry.order.received(publication);
        memory.changed(entry);
      } catch (Throwable e) {
        entry.failed(e);
      } finally {
        entry.current = null;
      }
    }
  }

  /** The backplane may have lost publications of this destination. */
  void interrupted(Destination destination) {
    Owned entry = owned.get(destination);
    if (entry != null && entry.order != null && entry.subscribed) {
      entry.order.doubt();
    }
  }

  /** On a thread of the backplane. */
  private void confirmed(Owned entry) {
    try {
      loop.execute(() -> subscribed(entry));
    } catch (Throwable e) {
      entry.confirmed = true;
      someFailed = true;
    }
  }

  private void subscribed(Owned entry) {
    if (entry.subscribed) {
      return;
    }
    entry.subscribed = true;
    if (entry.order == null) {
      entry.live();
      return;
    }
    try {
      entry.order.start();
    } catch (Throwable e) {
      entry.failed(e);
    }
  }

  /** Looks after what is due; called every {@link #TICK}. */
  void tick() {
    ticks++;
    if (dropped && metrics.backlogBytes.get() < properties.backlogLimit().toBytes() / 2) {
      dropped = false;
      allDoubtful = true;
    }
    try {
      if (someFailed || allDoubtful) {
        repair();
      }
      memory.expire(ticks);
    } finally {
      checks.run(ticks);
    }
  }

  /** Goes on with what has failed, for want of memory most likely, and was only marked then. */
  private void repair() {
    someFailed = false;
    boolean all = allDoubtful;
    allDoubtful = false;
    for (Owned entry : List.copyOf(owned.values())) {
      try {
        entry.repair(all);
      } catch (Throwable e) {
        entry.failed(e);
      }
    }
  }

  /**
   * A publication was dropped, as too much waits: its destination is compared with the backplane
   * when there is room again. Any thread.
   */
  void dropped() {
    dropped = true;
  }

  /** Something may have been lost of any destination. Any thread; needs no memory. */
  void doubtAll() {
    allDoubtful = true;
  }

  private void releaseAfter(long nanos, Owned entry) {
    var unused = loop.schedule(() -> release(entry), nanos, TimeUnit.NANOSECONDS);
  }

  private void release(Owned entry) {
    long left = properties.linger().toNanos() - (System.nanoTime() - entry.emptySince);
    if (!entry.topics.isEmpty()) {
      entry.leaving = false;
      linger(-1);
    } else if (left > 0) { // somebody was here in the meantime
      releaseAfter(left, entry);
    } else {
      forget(entry);
    }
  }

  private void forget(Owned entry) {
    linger(-1);
    owned.remove(entry.destination);
    entry.gone = true;
    if (entry.readFailed) {
      reads.ended();
    }
    memory.remove(entry);
    backplane.unsubscribe(entry.destination);
  }

  private void linger(int more) {
    lingering += more;
    metrics.lingering.addAndGet(more);
  }

  /** What fails for one destination often fails for all. */
  private void logFailure(Destination destination, Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    String reason = String.valueOf(cause.getMessage());
    failures.warn(
        reason,
        "The history of {} cannot be read: {}. Subscribers that need it wait; the next attempt"
            + " follows within 1 s",
        destination,
        reason);
  }

  /** A destination that somebody here is subscribed to, or was a moment ago. */
  private final class Owned
      implements Order.Output<Joiner>, IdleChecks.Checked, CatchUpMemory.Keeper {
    final Destination destination;
    final List<ShardTopic> topics = new ArrayList<>(2);

    /** Null where messages have no order to keep. */
    final @Nullable Order<Joiner> order;

    /** The backplane brings all, but that could not be handed over; seen by the next tick. */
    volatile boolean confirmed;

    /** A read has ended without an answer, for want of memory; seen by the next tick. */
    volatile boolean readFailed;

    /** Something has failed here: the next tick compares with the backplane. */
    boolean doubtful;

    boolean subscribed;
    boolean live;
    boolean leaving;
    boolean gone;
    long emptySince;
    long heardAt = ticks;
    boolean reading;
    boolean checking;

    /** The publication at hand, whose kind is known. */
    @Nullable Publication current;

    Frames.Payload currentKind = Frames.Payload.TEXT;
    long currentArrived;

    Owned(Destination destination) {
      this.destination = destination;
      this.order =
          destination.ordered()
              ? new Order<>(this, properties.chunkBytes(), Window.MOST_BYTES)
              : null;
    }

    void live() {
      live = true;
      handOver.live(topics);
    }

    /**
     * The order may have been left in the middle of something: it is compared with the backplane,
     * and whoever waits for an answer asks again. Needs no memory.
     */
    void failed(Throwable e) {
      doubtful = true;
      someFailed = true;
      for (int i = 0; i < topics.size(); i++) {
        topics.get(i).unanswered(e);
      }
    }

    void repair(boolean compare) {
      if (confirmed) {
        confirmed = false;
        subscribed(this);
      }
      if (readFailed) {
        readFailed = false;
        answered(null, null);
      }
      if (order != null && (doubtful || compare)) {
        doubtful = false;
        order.doubt();
      }
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // the very one at hand, or one from a read
    public void deliver(Publication publication) {
      if (publication == current) {
        deliver(publication, currentKind, currentArrived);
      } else {
        deliver(publication, Frames.kindOf(publication), 0);
      }
    }

    void deliver(Publication publication, Frames.Payload kind, long arrived) {
      handOver.deliver(topics, publication, kind, arrived);
    }

    @Override
    public void gap(Gap gap) {
      handOver.gap(topics, gap);
    }

    @Override
    public void admit(Joiner joiner, CatchUp catchUp) {
      handOver.admit(joiner, catchUp);
    }

    @Override
    public void stale(Publication publication) {
      metrics.stale.increment();
    }

    @Override
    public void fruitless() {
      metrics.fruitlessReads.increment();
    }

    @Override
    public void read(long after, int count, boolean begin, int backOff) {
      reading = true;
      Runnable ask = () -> reads.request(purpose(), () -> ask(after, count, begin));
      if (backOff == 0) {
        ask.run();
      } else {
        long pause =
            Math.min(LONGEST_PAUSE_MILLIS, FIRST_PAUSE_MILLIS << Math.min(backOff - 1, 10));
        var unused = loop.schedule(ask, pause, TimeUnit.MILLISECONDS);
      }
    }

    private HistoryReads.Purpose purpose() {
      return checking && order != null && !order.hasJoiners()
          ? HistoryReads.Purpose.CHECK
          : HistoryReads.Purpose.SUBSCRIBERS;
    }

    private void ask(long after, int count, boolean begin) {
      if (gone) {
        reads.ended();
        endCheck();
        return;
      }
      metrics.reads.increment();
      try {
        backplane.read(destination, after, count, begin).whenComplete(this::answer);
      } catch (Throwable e) {
        readFailed();
      }
    }

    /** On a thread of the backplane. */
    private void answer(@Nullable History history, @Nullable Throwable failure) {
      try {
        loop.execute(() -> answered(history, failure));
      } catch (Throwable e) {
        readFailed();
      }
    }

    /** The next tick takes it as a read without an answer. */
    private void readFailed() {
      readFailed = true;
      someFailed = true;
    }

    private void answered(@Nullable History history, @Nullable Throwable failure) {
      reading = false;
      try {
        if (!gone && order != null) {
          take(order, history);
        }
      } catch (Throwable e) {
        failed(e);
      } finally {
        try {
          reads.ended();
        } finally {
          endCheck();
        }
      }
      if (failure != null) {
        logFailure(destination, failure);
      }
    }

    private void take(Order<Joiner> order, @Nullable History history) {
      if (history == null) {
        order.failed();
        return;
      }
      order.history(history);
      memory.changed(this);
      if (!live && order.located()) {
        live();
      }
    }

    private void endCheck() {
      if (checking) {
        checking = false;
        checks.checked(this, ticks);
        checks.run(ticks);
      }
    }

    @Override
    public boolean isGone() {
      return gone;
    }

    @Override
    public boolean isWorthIt() {
      return order != null && order.continuity() && order.located() && !reading;
    }

    @Override
    public long heardAt() {
      return heardAt;
    }

    /** A lost last message leaves no hole: only this finds it. */
    @Override
    public void check() {
      checking = true;
      if (order != null) {
        order.doubt();
      }
    }

    @Override
    public long pastBytes() {
      return order == null ? 0 : order.pastBytes();
    }

    @Override
    public void forgetPast() {
      if (order != null) {
        order.forgetPast();
      }
    }
  }
}
