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
 * The clients of this node by user, token and client-id; anonymous clients without a client-id are
 * not in it. Any thread.
 */
public final class ClientIndex {
  private final int mostOfAUser;
  private final Map<Subject, Set<Client>> clients = new ConcurrentHashMap<>();

  /**
   * @param mostOfAUser connections that a user may have to this node; 0 for no limit
   */
  public ClientIndex(int mostOfAUser) {
    this.mostOfAUser = mostOfAUser;
  }

  /** The number of connections that a user may have; 0 for no limit. */
  int mostOfAUser() {
    return mostOfAUser;
  }

  void add(Subject subject, Client client) {
    add(subject, client, Integer.MAX_VALUE);
  }

  /** Adds a connection of the user; false if it would be one too many. */
  boolean enter(Subject user, Client client) {
    return add(user, client, mostOfAUser == 0 ? Integer.MAX_VALUE : mostOfAUser);
  }

  private boolean add(Subject subject, Client client, int most) {
    AtomicBoolean in = new AtomicBoolean(true);
    clients.compute(
        subject,
        (key, those) -> {
          if (those == null) {
            return Set.of(client); // nearly all have only one client: saves a hash table
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

  /** Returns the clients connected now. */
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
