package io.drumline.hub.order;

import io.drumline.backplane.History;
import io.drumline.message.Cursor;
import io.drumline.message.Destination;
import io.drumline.message.Position;
import io.drumline.message.Publication;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the backplane keeps of one destination, and what it ever kept. */
final class ModelLog {
  private static final Destination DESTINATION = Destination.of("/topic/model");
  private static final byte[] NOTHING = {};

  private final List<Publication> kept = new ArrayList<>();
  private final Map<String, Set<String>> idsByPlace = new HashMap<>();
  private final Set<String> gone = new HashSet<>();
  private final Set<String> lost = new HashSet<>();
  private List<Publication> keptAtRead = List.of();
  private int epochs;
  private int ids;
  private @Nullable Cursor last;

  Publication publish() {
    Cursor before = last == null ? begin() : last;
    Publication publication =
        new Publication(
            DESTINATION,
            new Position(before.epoch(), before.offset() + 1),
            before.id(),
            "m" + ++ids,
            0,
            NOTHING,
            NOTHING,
            null);
    kept.add(publication);
    last = Cursor.after(publication);
    idsByPlace
        .computeIfAbsent(place(last.epoch(), last.offset()), key -> new HashSet<>(2))
        .add(publication.id());
    return publication;
  }

  private Cursor begin() {
    last = new Cursor(new Position("e" + ++epochs, 0), "");
    return last;
  }

  /** Forgets the oldest ones. */
  void trim(int count) {
    for (int i = 0; i < count && !kept.isEmpty(); i++) {
      gone.add(kept.remove(0).id());
    }
  }

  /** Loses everything. */
  void wipe() {
    kept.forEach(publication -> gone.add(publication.id()));
    kept.clear();
    last = null;
  }

  /** Loses its end, as far as it is kept. */
  void loseTail(int count) {
    for (int i = 0; i < count && !kept.isEmpty(); i++) {
      Publication end = kept.remove(kept.size() - 1);
      gone.add(end.id());
      lost.add(end.id());
      last = Cursor.before(end);
    }
  }

  History read(long after, int count, boolean begin) {
    if (last == null && begin) {
      begin();
    }
    keptAtRead = List.copyOf(kept);
    List<Publication> page = new ArrayList<>();
    for (Publication publication : kept) {
      if (publication.position().offset() > after && page.size() < count) {
        page.add(publication);
      }
    }
    long first =
        kept.isEmpty() ? (last == null ? 0 : last.offset()) + 1 : kept.get(0).position().offset();
    return new History(last, first, page);
  }

  @Nullable Cursor last() {
    return last;
  }

  /** What was kept when it was read last. */
  List<Publication> keptAtRead() {
    return keptAtRead;
  }

  boolean isLost(String id) {
    return lost.contains(id);
  }

  /** Whether all places behind one offset up to another had a message that is not kept any more. */
  boolean isGone(String epoch, long after, long upTo) {
    for (long offset = after + 1; offset <= upTo; offset++) {
      Set<String> there = idsByPlace.getOrDefault(place(epoch, offset), Set.of());
      if (there.stream().noneMatch(gone::contains)) {
        return false;
      }
    }
    return true;
  }

  private static String place(String epoch, long offset) {
    return epoch + ':' + offset;
  }
}
