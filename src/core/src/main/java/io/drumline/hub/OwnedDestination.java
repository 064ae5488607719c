package io.drumline.hub;

import io.drumline.backplane.History;
import io.drumline.hub.order.CatchUp;
import io.drumline.hub.order.Order;
import io.drumline.hub.order.OrderOutput;
import io.drumline.message.Destination;
import io.drumline.message.Gap;
import io.drumline.message.Publication;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A destination with subscribers on this node, now or until recently: its order, and the reads that
 * the order needs. Used on its {@link Owner}'s event loop unless a method says otherwise.
 */
final class OwnedDestination
    implements OrderOutput<Joiner>,
        DestinationReads.Reader,
        Doubts.Doubted,
        IdleChecks.Checked,
        CatchUpMemory.Keeper {
  private enum State {
    /** The backplane has yet to confirm the subscription. */
    SUBSCRIBING,
    /** Subscribed, but the position of the order is not known yet. */
    LOCATING,
    LIVE,
    /** Unsubscribed. */
    GONE
  }

  final Destination destination;
  final List<ShardTopic> topics = new ArrayList<>(2);
  private final OwnerLoop loop;
  private final DestinationReads reads;

  /** Null for destinations without order. */
  private final @Nullable Order<Joiner> order;

  /** The backplane confirmed, but the task was rejected; handled by the next tick. */
  private volatile boolean confirmed;

  private State state = State.SUBSCRIBING;
  private Doubts.Doubt doubt = Doubts.Doubt.NONE;

  /** Whether it lingers after its last subscriber left, and since when. */
  boolean lingers;

  long emptySince;
  private long heardAt;
  private boolean checking;

  /** The publication being processed; others that the order delivers were read or held. */
  private @Nullable Arrival current;

  OwnedDestination(Destination destination, OwnerLoop loop) {
    this.destination = destination;
    this.loop = loop;
    this.reads = new DestinationReads(destination, this, loop);
    this.heardAt = loop.ticks();
    this.order =
        destination.ordered() ? new Order<>(this, loop.chunkBytes, loop.metrics.held) : null;
  }

  /** A shard has subscribers. Idempotent. */
  void add(ShardTopic topic) {
    if (!topics.contains(topic)) {
      topics.add(topic);
    }
    if (state == State.LIVE) {
      loop.handOver.live(List.of(topic));
    }
  }

  /** The backplane delivers everything from now on. On a thread of the backplane. */
  void confirmed() {
    try {
      loop.eventLoop.execute(this::subscribed);
    } catch (Throwable e) {
      confirmed = true;
      loop.doubts.marked();
    }
  }

  private void subscribed() {
    if (state != State.SUBSCRIBING) {
      return;
    }
    state = State.LOCATING;
    if (order == null) {
      live();
      return;
    }
    try {
      order.start();
    } catch (Throwable e) {
      failed(e);
    }
  }

  private void live() {
    state = State.LIVE;
    loop.handOver.live(topics);
  }

  /** Unsubscribed: later publications are ignored. */
  void end() {
    state = State.GONE;
    endCheck();
    if (order != null) {
      order.end();
    }
  }

  /** The backplane may have lost publications of this destination. */
  void interrupted() {
    if (order != null && (state == State.LOCATING || state == State.LIVE)) {
      order.doubt();
    }
  }

  void received(Arrival arrival) {
    if (order == null) {
      loop.handOver.deliver(topics, arrival);
      return;
    }
    heardAt = loop.ticks();
    current = arrival;
    try {
      order.received(arrival.publication());
      loop.memory.changed(this);
    } catch (Throwable e) {
      failed(e);
    } finally {
      current = null;
    }
  }

  /** A subscription requests history. */
  void catchUp(Joiner joiner) {
    if (order == null) {
      return;
    }
    try {
      if (!topics.contains(joiner.topic())) {
        add(joiner.topic()); // its own join has failed, so it would receive no live messages
      }
      order.join(joiner, joiner.start(), joiner.step());
      loop.memory.used(this, loop.ticks());
    } catch (Throwable e) {
      failed(e);
    }
  }

  /**
   * The order may be in an inconsistent state: it is compared with the backplane, and subscriptions
   * that wait for an answer ask again. Allocates no memory.
   */
  void failed(Throwable e) {
    if (doubt == Doubts.Doubt.NONE) {
      doubt = Doubts.Doubt.MARKED;
    }
    loop.doubts.marked();
    for (int i = 0; i < topics.size(); i++) {
      topics.get(i).unanswered(e);
    }
  }

  /** Handles what could not be passed to this loop. */
  @Override
  public void repair() {
    try {
      if (confirmed) {
        confirmed = false;
        subscribed();
      }
      if (reads.endFailed()) {
        takeAnswer(null);
        endCheck();
      }
    } catch (Throwable e) {
      failed(e);
    }
  }

  @Override
  public Doubts.Doubt doubt() {
    return doubt;
  }

  @Override
  public void doubt(Doubts.Doubt state) {
    doubt = state;
  }

  @Override
  public boolean hasOrder() {
    return order != null;
  }

  @Override
  public boolean compare() {
    doubt = Doubts.Doubt.NONE;
    if (order == null || state == State.GONE) {
      return false;
    }
    try {
      boolean readsAlready = order.isReading();
      order.doubt();
      return !readsAlready && order.isReading();
    } catch (Throwable e) {
      failed(e);
      return true; // a read may have started
    }
  }

  @Override
  @SuppressWarnings("ReferenceEquality") // identity: the current publication, or one that was read
  public void deliver(Publication publication) {
    Arrival arrival = current;
    if (arrival == null || arrival.publication() != publication) {
      arrival = new Arrival(publication, Frames.kindOf(publication), 0);
    }
    loop.handOver.deliver(topics, arrival);
  }

  @Override
  public void gap(Gap gap) {
    loop.handOver.gap(topics, gap);
  }

  @Override
  public void admit(Joiner joiner, CatchUp catchUp) {
    loop.handOver.admit(joiner, catchUp);
  }

  @Override
  public boolean isGone(Joiner joiner) {
    return joiner.isGone();
  }

  @Override
  public void stale(Publication publication) {
    loop.metrics.stale.increment();
  }

  @Override
  public void noProgress() {
    loop.metrics.readsWithoutProgress.increment();
  }

  @Override
  public void read(long after, int count, boolean begin, int backOff) {
    reads.read(this::purpose, after, count, begin, backOff);
  }

  private HistoryReads.Purpose purpose() {
    return checking && order != null && !order.hasJoiners()
        ? HistoryReads.Purpose.CHECK
        : HistoryReads.Purpose.SUBSCRIBERS;
  }

  @Override
  public void takeAnswer(@Nullable History history) {
    try {
      if (state != State.GONE && order != null) {
        take(order, history);
      }
    } catch (Throwable e) {
      failed(e);
    }
  }

  private void take(Order<Joiner> order, @Nullable History history) {
    if (history == null) {
      order.failed();
      return;
    }
    order.history(history);
    loop.memory.read(this, loop.ticks());
    if (state == State.LOCATING && order.located()) {
      live();
    }
  }

  @Override
  public void endCheck() {
    if (checking) {
      checking = false;
      loop.checks.checked(this, loop.ticks());
      loop.checks.run(loop.ticks());
    }
  }

  @Override
  public boolean isGone() {
    return state == State.GONE;
  }

  @Override
  public boolean isWorthIt() {
    return order != null && order.continuity() && order.located() && !order.isReading();
  }

  @Override
  public long heardAt() {
    return heardAt;
  }

  /** Finds a lost last message, which leaves no gap in the order. */
  @Override
  public void check() {
    checking = true;
    compare();
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
