package io.drumline.stomp;

import io.drumline.backplane.Revocations.Kind;
import io.drumline.backplane.Revocations.Subject;
import io.drumline.hub.Connection;
import io.drumline.hub.Hub;
import io.drumline.loop.ThrottledLog;
import io.drumline.message.NodeId;
import io.drumline.publish.Publisher;
import io.drumline.session.SharedSessions;
import io.drumline.stomp.access.Guard;
import io.drumline.stomp.access.NewDestinations;
import io.drumline.stomp.application.SpringBridge;
import io.drumline.stomp.client.Client;
import io.drumline.stomp.client.StompMetrics;
import io.drumline.stomp.codec.StompLimits;
import io.drumline.stomp.settings.StompProperties;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** The STOMP sessions of this node, and their shared services. Thread-safe. */
public final class StompSessions {

  private final NodeServices services;
  private final Map<String, Client> clients = new ConcurrentHashMap<>();
  private volatile Consumer<Client> whenRemoved = client -> {};

  StompSessions(
      Hub hub,
      Publisher publisher,
      SpringBridge bridge,
      StompProperties properties,
      StompMetrics metrics,
      NodeId node,
      SharedSessions shared,
      Guard guard,
      NewDestinations newDestinations) {
    services =
        new NodeServices(
            node,
            hub,
            publisher,
            bridge,
            properties,
            frameLimits(properties),
            metrics,
            shared,
            guard,
            newDestinations,
            new ThrottledLog(LoggerFactory.getLogger(StompSessions.class)));
  }

  private static StompLimits frameLimits(StompProperties properties) {
    int connectFrame = (int) properties.maxConnectFrameSize().toBytes();
    int headerLine = (int) properties.maxHeaderSize().toBytes();
    return new StompLimits(
        properties.maxHeaders(),
        headerLine,
        Math.max(connectFrame, headerLine),
        connectFrame,
        (int) properties.maxBodySize().toBytes());
  }

  /**
   * Opens a session on a newly upgraded connection; called on its event loop.
   *
   * @param begun {@link System#nanoTime} at the start of the handshake
   */
  public StompSession open(Connection connection, long begun) {
    StompSession session = new StompSession(services, connection, begun, this::remove);
    clients.put(connection.id(), session.client());
    return session;
  }

  private void remove(Client client) {
    clients.remove(client.id());
    whenRemoved.accept(client);
  }

  /**
   * Whether new clients can be served: the node is not draining, and the backplane is available.
   */
  public boolean accepting() {
    return !services.hub().draining() && services.publisher().available();
  }

  /** The client with this session id, if it is connected to this node. */
  @Nullable Client find(String id) {
    return clients.get(id);
  }

  /** The clients that a block applies to. */
  List<Client> find(Subject subject) {
    List<Client> found = services.guard().clients().find(subject);
    Client client = subject.kind() == Kind.SESSION ? find(subject.name()) : null;
    if (client != null) {
      found.add(client);
    }
    return found;
  }

  /** Sets the action to call with each client whose connection has ended, on its event loop. */
  void whenRemoved(Consumer<Client> action) {
    whenRemoved = action;
  }

  Publisher publisher() {
    return services.publisher();
  }

  SpringBridge bridge() {
    return services.bridge();
  }
}
