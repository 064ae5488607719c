package io.drumline.session;

import io.drumline.backplane.MessageIds;
import io.drumline.backplane.SessionStore.Known;
import io.drumline.backplane.SessionStore.Opened;
import io.drumline.backplane.SessionStore.Outcome;
import io.drumline.backplane.SessionStore.Update;
import io.drumline.message.Destination;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A shared session on its current connection: determines up to where the client has received each
 * destination, and stores these positions. Methods are called on the connection's event loop unless
 * they say otherwise.
 *
 * <p>Only <em>confirmed</em> positions are stored, because the client resumes there and receives
 * nothing from before. Written messages may still be in a buffer when the connection breaks, so a
 * WebSocket ping is sent after them; its pong confirms the positions that were current when the
 * ping was written. At most one ping is pending, and none is sent if no position has changed.
 * Messages that the client has acknowledged need no ping.
 */
public final class SharedSession {
  /** Intervals after which a ping is abandoned: a peer may answer only the last of several. */
  private static final int PONG_PATIENCE = 10;

  private enum State {
    LIVE,
    /** The connection has ended; confirmed positions are being stored. */
    ENDED,
    /** Nothing more is stored. */
    GONE
  }

  private final SharedSessions node;
  private final ClientSocket socket;
  private final String clientId;
  private final String user;
  private final long generation;
  private final Known known;
  private final StoredPositions stored;
  private final SessionSettings settings;

  private final Map<Destination, List<Tracked>> tracked = new HashMap<>();
  private final Map<Destination, String> confirmed;

  /** The positions found at opening, for the client's new subscriptions. */
  private Map<Destination, String> resumable;

  private State state = State.LIVE;
  private @Nullable Map<Destination, String> pinged;
  private long pings;
  private long pingedAt;
  private long storedAt;

  private final long openedAt;

  /** When it was opened; later, when its connection ended. */
  private long since;

  SharedSession(
      SharedSessions node, ClientSocket socket, String clientId, String user, Opened opened) {
    this.node = node;
    this.socket = socket;
    this.clientId = clientId;
    this.user = user;
    this.generation = opened.generation();
    this.known = opened.known();
    this.settings = node.settings();
    this.confirmed = new HashMap<>(opened.positions());
    this.stored = new StoredPositions(clientId, user, opened);
    this.resumable = opened.positions();
    this.openedAt = node.nanos();
    this.since = openedAt;
    this.storedAt = openedAt;
  }

  /** Starts checking positions every interval. */
  void start() {
    socket.after(settings.positionInterval().toMillis(), this::tick);
  }

  String clientId() {
    return clientId;
  }

  long generation() {
    return generation;
  }

  /** Whether the session existed before this connection. Any thread. */
  public boolean resumed() {
    return known.resumed();
  }

  /**
   * The {@code message-id} after which a new subscription to this destination resumes. It is the
   * same for all subscriptions, so that none misses messages that only another has received. Null
   * if no position is known, or if the client subscribes later than a time to live after
   * connecting. If the store may have forgotten the position, it is one that is in no history, so
   * that the client receives a gap notice.
   */
  public @Nullable String resumeAfter(Destination destination) {
    String position = resumable.get(destination);
    boolean forgotten =
        position == null
            && known == Known.PERHAPS_NOT_ALL
            && remembers(destination)
            && !tracked.containsKey(destination)
            && node.nanos() - openedAt < settings.timeToLive().toNanos();
    return forgotten ? MessageIds.nowhere(destination).messageId() : position;
  }

  /** Stores the subscription's position from now on, if its destination has positions. */
  public void track(Tracked subscription) {
    Destination destination = subscription.destination();
    if (state != State.LIVE || !remembers(destination)) {
      return;
    }
    List<Tracked> others = tracked.get(destination);
    if (others != null) {
      others.add(subscription);
    } else if (makeRoom(destination)) {
      List<Tracked> first = new ArrayList<>(1);
      first.add(subscription);
      tracked.put(destination, first);
    } else {
      node.metrics().untracked.increment();
    }
  }

  /**
   * False for ephemeral destinations, and for user destinations of a client without a user name.
   */
  private boolean remembers(Destination destination) {
    return destination.ordered()
        && !(user.isEmpty() && destination.kind() == Destination.Kind.USER);
  }

  /**
   * A subscription is live from this position on. Its client needs nothing from before it, so no
   * proof is needed; the position is stored soon, so that not even the first message can be missed.
   */
  public void began(Destination destination, String position) {
    if (state == State.LIVE
        && tracked.containsKey(destination)
        && confirmed.putIfAbsent(destination, position) == null) {
      offer();
      node.storeSoon();
    }
  }

  /** The client has unsubscribed: removes the position with the destination's last subscription. */
  public void untrack(Tracked subscription) {
    Destination destination = subscription.destination();
    List<Tracked> all = tracked.get(destination);
    if (state != State.LIVE || all == null || !all.remove(subscription) || !all.isEmpty()) {
      return;
    }
    tracked.remove(destination);
    confirmed.remove(destination);
    if (resumable.containsKey(destination)) {
      resumable = new HashMap<>(resumable);
      resumable.remove(destination);
    }
    if (pinged != null) {
      pinged.remove(destination);
    }
  }

  /** A pong with this number has arrived. */
  public void pong(long number) {
    Map<Destination, String> positions = pinged;
    if (state == State.LIVE && positions != null && number == pings) {
      pinged = null;
      confirmed.putAll(positions);
      offer();
    }
  }

  /**
   * The client has disconnected, normally or not: confirmed positions are stored once more, and the
   * session is kept for its time to live. Idempotent; later calls to track or untrack have no
   * effect.
   */
  public void end() {
    if (state == State.LIVE) {
      observe(); // includes the last acknowledgements
      state = State.ENDED;
      since = node.nanos();
      tracked.clear();
      pinged = null;
      offer();
    }
  }

  /** Another connection has opened the session. Any thread. */
  void fence() {
    socket.execute(this::fenced);
  }

  private void fenced() {
    boolean live = state == State.LIVE;
    leave();
    if (live) {
      node.metrics().fenced.increment();
      socket.fenced();
    }
  }

  private long tick() {
    long lived = node.nanos() - since;
    boolean over = lived >= settings.timeToLive().toNanos();
    if (state == State.LIVE) {
      if (over) {
        forgetUnclaimed();
      }
      observe();
      offer();
    } else if (state == State.ENDED) {
      if (over) {
        leave(); // the store was unavailable for a whole time to live: nothing can resume there
      } else {
        offer();
      }
    }
    return state == State.GONE ? 0 : settings.positionInterval().toMillis();
  }

  /** Checks the subscriptions' positions, and sends a ping if unconfirmed ones have changed. */
  private void observe() {
    boolean mayPing = pinged == null || pingIsOld();
    Map<Destination, String> unproven = new HashMap<>();
    tracked.forEach(
        (destination, subscriptions) -> {
          Progress progress = Progress.of(subscriptions.get(0));
          for (int i = 1; i < subscriptions.size(); i++) {
            progress = progress.and(Progress.of(subscriptions.get(i)));
          }
          String position = progress.position();
          if (position != null && !position.equals(confirmed.get(destination))) {
            if (progress.acknowledged()) {
              confirmed.put(destination, position);
            } else if (mayPing) {
              unproven.put(destination, position);
            }
          }
        });
    if (!unproven.isEmpty()) {
      long number = ++pings;
      pinged = unproven;
      pingedAt = node.nanos();
      // Queued behind pending tasks, such as the flush that writes messages delivered before.
      socket.execute(
          () -> {
            if (state == State.LIVE) {
              socket.ping(number);
            }
          });
    }
  }

  private boolean pingIsOld() {
    return node.nanos() - pingedAt >= PONG_PATIENCE * settings.positionInterval().toNanos();
  }

  /** Stores confirmed positions, one update at a time. */
  private void offer() {
    if (state != State.GONE && !stored.isUnderWay()) {
      boolean idle = node.nanos() - storedAt >= settings.timeToLive().toNanos() / 3;
      Update update =
          state == State.ENDED || idle ? stored.whole(confirmed) : stored.next(confirmed);
      if (update != null) {
        node.store(this, update);
      }
    }
    if (state == State.ENDED) {
      node.storeSoon();
    }
  }

  /** The store may have lost data: everything is stored again. Any thread. */
  void restore() {
    socket.execute(
        () -> {
          stored.doubt();
          offer();
        });
  }

  /** The store has answered; runs {@code then} afterwards. Any thread. */
  void answered(Update update, Outcome outcome, Runnable then) {
    socket.execute(
        () -> {
          try {
            answered(update, outcome);
          } finally {
            then.run();
          }
        });
  }

  private void answered(Update update, Outcome outcome) {
    stored.answered(update, outcome);
    if (outcome == Outcome.FENCED) {
      fenced();
      return;
    }
    if (outcome == Outcome.FAILED) {
      return; // the next tick tries again
    }
    storedAt = node.nanos();
    if (!stored.has(confirmed)) {
      offer();
    } else if (state == State.ENDED) {
      leave();
    }
  }

  private void leave() {
    state = State.GONE;
    tracked.clear();
    node.remove(this);
  }

  /** Whether one more destination may have a position; drops unclaimed ones if needed. */
  private boolean makeRoom(Destination destination) {
    if (tracked.size() >= settings.maxPositions()) {
      return false;
    }
    int more = confirmed.containsKey(destination) ? 0 : 1;
    int excess = places() + more - settings.maxPositions();
    Iterator<Destination> known = confirmed.keySet().iterator();
    while (excess > 0 && known.hasNext()) {
      Destination next = known.next();
      if (!tracked.containsKey(next) && !next.equals(destination)) {
        known.remove();
        excess--;
      }
    }
    return true;
  }

  /** The number of destinations that have, or will have, a position. */
  private int places() {
    int unclaimed = 0;
    for (Destination destination : confirmed.keySet()) {
      if (!tracked.containsKey(destination)) {
        unclaimed++;
      }
    }
    return tracked.size() + unclaimed;
  }

  /** Drops positions to which the client did not resubscribe in time. */
  private void forgetUnclaimed() {
    if (!resumable.isEmpty()) {
      resumable = Map.of();
      confirmed.keySet().retainAll(tracked.keySet());
    }
  }
}
