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
 * A destination that somebody here is subscribed to, or was a moment ago: its order, and the reads
 * that this needs. Used on its {@link Owner}'s event loop, but for what says otherwise.
 */
final class OwnedDestination
    implements OrderOutput<Joiner>,
        DestinationReads.Reader,
        Doubts.Doubted,
        IdleChecks.Checked,
        CatchUpMemory.Keeper {
  private enum State {
    /** The backplane has yet to confirm that it brings everything. */
    SUBSCRIBING,
    /** It does, but it is not known where the order is. */
    LOCATING,
    LIVE,
    /** Unsubscribed. */
    GONE
  }

  final Destination destination;
  final List<ShardTopic> topics = new ArrayList<>(2);
  private final OwnerLoop loop;
  private final DestinationReads reads;

  /** Null where messages have no order to keep. */
  private final @Nullable Order<Joiner> order;

  /** The backplane brings all, but that could not be handed over; seen by the next tick. */
  private volatile boolean confirmed;

  private State state = State.SUBSCRIBING;
  private Doubts.Doubt doubt = Doubts.Doubt.NONE;

  /** Whether its last subscriber has left, and when. */
  boolean lingers;

  long emptySince;
  private long heardAt;
  private boolean checking;

  /** The publication at hand; what the order delivers else was read or held. */
  private @Nullable Arrival current;

  OwnedDestination(Destination destination, OwnerLoop loop) {
    this.destination = destination;
    this.loop = loop;
    this.reads = new DestinationReads(destination, this, loop);
    this.heardAt = loop.ticks();
    this.order =
        destination.ordered() ? new Order<>(this, loop.chunkBytes, loop.metrics.held) : null;
  }

  /** A shard has subscribers; idempotent. */
  void add(ShardTopic topic) {
    if (!topics.contains(topic)) {
      topics.add(topic);
    }
    if (state == State.LIVE) {
      loop.handOver.live(List.of(topic));
    }
  }

  /** The backplane brings everything from now on. On a thread of the backplane. */
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

  /** It is unsubscribed: whatever comes is for nobody. */
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

  /** A subscription goes on from a point of the past. */
  void catchUp(Joiner joiner) {
    if (order == null) {
      return;
    }
    try {
      if (!topics.contains(joiner.topic())) {
        add(joiner.topic()); // its own join has failed: it would be told that it is live, miss all
      }
      order.join(joiner, joiner.start(), joiner.step());
      loop.memory.used(this, loop.ticks());
    } catch (Throwable e) {
      failed(e);
    }
  }

  /**
   * The order may have been left in the middle of something: it is compared with the backplane, and
   * whoever waits for an answer asks again. Needs no memory.
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

  /** Sees to what could not be handed over to this loop. */
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
      return true; // it may have begun
    }
  }

  @Override
  @SuppressWarnings("ReferenceEquality") // the very one at hand, or one from a read
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

  /** A lost last message leaves no hole: only this finds it. */
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
