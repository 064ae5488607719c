package io.drumline.stomp.access;

import io.drumline.backplane.Revocations.Subject;
import io.drumline.stomp.client.Client;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Which clients of this node are a user's, hold a token, or are a client-id's; anonymous clients
 * are not in it. Any thread.
 */
public final class ClientIndex {
  private final int mostOfAUser;
  private final Map<Subject, Set<Client>> clients = new ConcurrentHashMap<>();

  /**
   * @param mostOfAUser connections that a user may have to this node; 0 for any number
   */
  public ClientIndex(int mostOfAUser) {
    this.mostOfAUser = mostOfAUser;
  }

  /** Connections that a user may have. */
  int mostOfAUser() {
    return mostOfAUser;
  }

  void add(Subject subject, Client client) {
    add(subject, client, Integer.MAX_VALUE);
  }

  /** Takes one of the user's places; false if there is none left. */
  boolean enter(Subject user, Client client) {
    return add(user, client, mostOfAUser == 0 ? Integer.MAX_VALUE : mostOfAUser);
  }

  private boolean add(Subject subject, Client client, int most) {
    AtomicBoolean in = new AtomicBoolean(true);
    clients.compute(
        subject,
        (key, those) -> {
          if (those == null) {
            return Set.of(client); // nearly all have one: without a table
          }
          if (those.contains(client)) {
            return those;
          }
          if (those.size() >= most) {
            in.set(false);
            return those;
          }
          Set<Client> more = those.size() == 1 ? new HashSet<>(those) : those;
          more.add(client);
          return more;
        });
    return in.get();
  }

  void remove(Subject subject, Client client) {
    clients.computeIfPresent(
        subject,
        (key, those) -> {
          if (those.size() > 1) {
            those.remove(client);
            return those.size() == 1 ? Set.copyOf(those) : those;
          }
          return those.contains(client) ? null : those;
        });
  }

  /** Those of now. */
  public List<Client> find(Subject subject) {
    List<Client> found = new ArrayList<>(1);
    clients.computeIfPresent(
        subject,
        (key, those) -> {
          found.addAll(those);
          return those;
        });
    return found;
  }

  int size() {
    return clients.size();
  }
}
