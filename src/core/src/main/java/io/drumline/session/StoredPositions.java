package io.drumline.session;

import io.drumline.backplane.SessionStore.Opened;
import io.drumline.backplane.SessionStore.Outcome;
import io.drumline.backplane.SessionStore.Update;
import io.drumline.message.Destination;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The positions of a shared session that the store is known to have, and the updates that bring it
 * up to date: one at a time, each naming the update it follows. Used on the connection's event
 * loop.
 */
final class StoredPositions {
  private final String clientId;
  private final String user;
  private final long generation;
  private final Map<Destination, String> stored;

  /** The update that the store has yet to answer. */
  private @Nullable Update sending;

  /** The last update created, and the one that the store has; 0 if it must receive everything. */
  private long number = Update.OPENING;

  private long base = Update.OPENING;

  /** Updates up to this number may have been lost although they were answered. */
  private long doubtful;

  StoredPositions(String clientId, String user, Opened opened) {
    this.clientId = clientId;
    this.user = user;
    this.generation = opened.generation();
    this.stored = new HashMap<>(opened.positions());
  }

  /** Whether an update is in flight: no other is created meanwhile. */
  boolean isUnderWay() {
    return sending != null;
  }

  /** Whether the store has exactly these positions. */
  boolean has(Map<Destination, String> positions) {
    return base != Update.WHOLE && changes(positions).isEmpty();
  }

  /** The update that brings the store up to date; null if it is. */
  @Nullable Update next(Map<Destination, String> positions) {
    if (base == Update.WHOLE) {
      return whole(positions);
    }
    Update changes = changes(positions);
    return changes.isEmpty() ? null : send(changes);
  }

  /** The update that replaces everything in the store. */
  Update whole(Map<Destination, String> positions) {
    return send(update(Update.WHOLE, Map.copyOf(positions), Set.of()));
  }

  private Update send(Update update) {
    number = update.number();
    sending = update;
    return update;
  }

  /** The store may have lost data: everything must be stored again. */
  void doubt() {
    doubtful = number;
    base = Update.WHOLE;
  }

  /** The store has answered an update. */
  void answered(Update update, Outcome outcome) {
    sending = null;
    switch (outcome) {
      case STORED -> {
        if (update.follows() == Update.WHOLE) {
          stored.clear();
        }
        stored.putAll(update.positions());
        stored.keySet().removeAll(update.forgotten());
        base = update.number() > doubtful ? update.number() : Update.WHOLE;
      }
      case LOST, FAILED -> base = Update.WHOLE;
      case FENCED -> {
        // another connection has the session: nothing follows
      }
    }
  }

  private Update changes(Map<Destination, String> positions) {
    Map<Destination, String> changed = new HashMap<>();
    positions.forEach(
        (destination, position) -> {
          if (!position.equals(stored.get(destination))) {
            changed.put(destination, position);
          }
        });
    Set<Destination> forgotten = new HashSet<>(stored.keySet());
    forgotten.removeAll(positions.keySet());
    return update(base, changed, forgotten);
  }

  private Update update(
      long follows, Map<Destination, String> positions, Set<Destination> forgotten) {
    return new Update(clientId, user, generation, number + 1, follows, positions, forgotten);
  }
}
