package io.drumline.stomp;

import io.drumline.backplane.Revocations.Subject;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Which sessions of this node are a user's, hold a token, or are a client-id's; anonymous clients
 * are not in it. Any thread.
 */
final class ClientIndex {
  private final int mostOfAUser;
  private final Map<Subject, Set<StompSession>> sessions = new ConcurrentHashMap<>();

  /**
   * @param mostOfAUser connections that a user may have to this node; 0 for any number
   */
  ClientIndex(int mostOfAUser) {
    this.mostOfAUser = mostOfAUser;
  }

  /** Connections that a user may have. */
  int mostOfAUser() {
    return mostOfAUser;
  }

  void add(Subject subject, StompSession session) {
    add(subject, session, Integer.MAX_VALUE);
  }

  /** Takes one of the user's places; false if there is none left. */
  boolean enter(Subject user, StompSession session) {
    return add(user, session, mostOfAUser == 0 ? Integer.MAX_VALUE : mostOfAUser);
  }

  private boolean add(Subject subject, StompSession session, int most) {
    AtomicBoolean in = new AtomicBoolean(true);
    sessions.compute(
        subject,
        (key, those) -> {
          if (those == null) {
            return Set.of(session); // nearly all have one: without a table
          }
          if (those.contains(session)) {
            return those;
          }
          if (those.size() >= most) {
            in.set(false);
            return those;
          }
          Set<StompSession> more = those.size() == 1 ? new HashSet<>(those) : those;
          more.add(session);
          return more;
        });
    return in.get();
  }

  void remove(Subject subject, StompSession session) {
    sessions.computeIfPresent(
        subject,
        (key, those) -> {
          if (those.size() > 1) {
            those.remove(session);
            return those.size() == 1 ? Set.copyOf(those) : those;
          }
          return those.contains(session) ? null : those;
        });
  }

  /** Those of now. */
  List<StompSession> find(Subject subject) {
    List<StompSession> found = new ArrayList<>(1);
    sessions.computeIfPresent(
        subject,
        (key, those) -> {
          found.addAll(those);
          return those;
        });
    return found;
  }

  int size() {
    return sessions.size();
  }
}
