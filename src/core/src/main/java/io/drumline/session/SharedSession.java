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
 * One socket's part in a shared session: knows up to where its client has surely received each
 * destination, and has that stored. Everything is called on the socket's event loop, unless a
 * method says otherwise.
 *
 * <p>A position is <em>confirmed</em> when it may be stored: the client will go on there, and gets
 * nothing from before it again. What was written is not proof enough, as it may still be in a
 * buffer when the connection breaks. So a WebSocket ping goes behind it, and the positions that
 * were current when it was written are confirmed when its pong has come. One ping is on its way at
 * a time, and none if no position has changed. What the client itself has acknowledged needs no
 * ping.
 */
public final class SharedSession {
  /** Intervals after which a ping is given up: a peer need only answer the last of several. */
  private static final int PONG_PATIENCE = 10;

  private enum State {
    LIVE,
    /** The socket has ended; what is confirmed is being stored. */
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

  /** What the store had at first; for the client's subscriptions, as it makes them again. */
  private Map<Destination, String> resumable;

  private State state = State.LIVE;
  private @Nullable Map<Destination, String> pinged;
  private long pings;
  private long pingedAt;
  private long storedAt;

  private final long openedAt;

  /** When it was opened, then when it ended. */
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

  /** Begins to look at positions, every interval. */
  void start() {
    socket.after(settings.positionInterval().toMillis(), this::tick);
  }

  String clientId() {
    return clientId;
  }

  long generation() {
    return generation;
  }

  /** Whether the session was there before this socket. Any thread. */
  public boolean resumed() {
    return known.resumed();
  }

  /**
   * Where a new subscription to this destination goes on, as a {@code message-id}: the same for
   * each, so that of several none misses what only the others have received. Null where nothing is
   * known, or the client took longer than a time to live to ask. Where the store may have forgotten
   * the position, it is a point in no history, so that the client is told.
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

  /** Remembers the subscription's position from now on, unless it has none. */
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

  /** Not an ephemeral destination, nor a nameless user's own, which is another with each socket. */
  private boolean remembers(Destination destination) {
    return destination.ordered()
        && !(user.isEmpty() && destination.kind() == Destination.Kind.USER);
  }

  /**
   * A subscription is live from this point on, and its client needs nothing from before it: that
   * needs no proof, and is stored soon, so that not even the first message can be missed.
   */
  public void began(Destination destination, String position) {
    if (state == State.LIVE
        && tracked.containsKey(destination)
        && confirmed.putIfAbsent(destination, position) == null) {
      offer();
      node.storeSoon();
    }
  }

  /** The client has unsubscribed: forgets the destination's position with its last subscription. */
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

  /** A pong with this number has come. */
  public void pong(long number) {
    Map<Destination, String> positions = pinged;
    if (state == State.LIVE && positions != null && number == pings) {
      pinged = null;
      confirmed.putAll(positions);
      offer();
    }
  }

  /**
   * The client has left, in order or not: what is confirmed is stored once more, and the session
   * stays for its time to live. Idempotent; nothing is tracked or forgotten from then on.
   */
  public void end() {
    if (state == State.LIVE) {
      observe(); // what was acknowledged last
      state = State.ENDED;
      since = node.nanos();
      tracked.clear();
      pinged = null;
      offer();
    }
  }

  /** Another socket has opened the session. Any thread. */
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
        leave(); // the store was away for so long that nobody goes on there
      } else {
        offer();
      }
    }
    return state == State.GONE ? 0 : settings.positionInterval().toMillis();
  }

  /** Looks where the subscriptions are, and asks for proof where that has changed. */
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
      // Behind the tasks that wait, as a flush does that writes what was handed over before.
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

  /** Has the store keep up with what is confirmed, one update at a time. */
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

  /** The store may have lost what it had: it gets all again. Any thread. */
  void restore() {
    socket.execute(
        () -> {
          stored.doubt();
          offer();
        });
  }

  /** Runs when the store has answered; any thread. */
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

  /** Whether the session may have a position of one more destination; gives up an unclaimed one. */
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

  /** Destinations with a position, now or soon. */
  private int places() {
    int unclaimed = 0;
    for (Destination destination : confirmed.keySet()) {
      if (!tracked.containsKey(destination)) {
        unclaimed++;
      }
    }
    return tracked.size() + unclaimed;
  }

  /** What the client did not subscribe to again in time. */
  private void forgetUnclaimed() {
    if (!resumable.isEmpty()) {
      resumable = Map.of();
      confirmed.keySet().retainAll(tracked.keySet());
    }
  }
}
