package io.drumline.stomp;

import io.drumline.backplane.BackplaneException;
import io.drumline.backplane.Revocations.Kind;
import io.drumline.backplane.Revocations.Subject;
import io.drumline.hub.Connection;
import io.drumline.hub.Hub;
import io.drumline.loop.ThrottledLog;
import io.drumline.message.CloseCode;
import io.drumline.message.NodeId;
import io.drumline.session.SharedSession;
import io.drumline.session.SharedSessions;
import java.security.Principal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** The STOMP sessions of this node, and what they share. Thread safe. */
public final class StompSessions {
  private static final String SERVER_NAME = "drumline";

  private final ThrottledLog log = new ThrottledLog(LoggerFactory.getLogger(StompSessions.class));
  private final Hub hub;
  private final Publisher publisher;
  private final SpringBridge bridge;
  private final StompProperties properties;
  private final StompMetrics metrics;
  private final NodeId node;
  private final SharedSessions shared;
  private final StompLimits limits;
  private final Guard guard;
  private final NewDestinations newDestinations;
  private final Map<String, StompSession> sessions = new ConcurrentHashMap<>();
  private volatile Consumer<StompSession> whenRemoved = session -> {};

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
    this.hub = hub;
    this.guard = guard;
    this.newDestinations = newDestinations;
    this.publisher = publisher;
    this.bridge = bridge;
    this.properties = properties;
    this.metrics = metrics;
    this.node = node;
    this.shared = shared;
    int connectFrame = (int) properties.maxConnectFrameSize().toBytes();
    int headerLine = (int) properties.maxHeaderSize().toBytes();
    this.limits =
        new StompLimits(
            properties.maxHeaders(),
            headerLine,
            Math.max(connectFrame, headerLine),
            connectFrame,
            (int) properties.maxBodySize().toBytes());
  }

  /**
   * Begins a session on a connection that was just upgraded; called on its event loop.
   *
   * @param begun {@link System#nanoTime} of the handshake's beginning
   */
  public StompSession open(Connection connection, long begun) {
    StompSession session = new StompSession(this, connection, begun);
    sessions.put(session.id(), session);
    return session;
  }

  /** Whether new clients can be served now: the node does not drain, and the backplane is there. */
  public boolean accepting() {
    return !hub.draining() && publisher.available();
  }

  @Nullable StompSession find(String id) {
    return sessions.get(id);
  }

  /** Those whom a block concerns. */
  List<StompSession> find(Subject subject) {
    List<StompSession> found = guard.clients().find(subject);
    StompSession socket = subject.kind() == Kind.SESSION ? find(subject.name()) : null;
    if (socket != null) {
      found.add(socket);
    }
    return found;
  }

  /** Calls this with each session whose socket has ended, on its event loop. */
  void whenRemoved(Consumer<StompSession> action) {
    whenRemoved = action;
  }

  void remove(StompSession session) {
    sessions.remove(session.id());
    whenRemoved.accept(session);
  }

  Guard guard() {
    return guard;
  }

  Hub hub() {
    return hub;
  }

  Publisher publisher() {
    return publisher;
  }

  SpringBridge bridge() {
    return bridge;
  }

  SharedSessions shared() {
    return shared;
  }

  /** Bounds what clients invent. */
  NewDestinations newDestinations() {
    return newDestinations;
  }

  StompProperties properties() {
    return properties;
  }

  /** For what may happen to many sessions at once. */
  ThrottledLog log() {
    return log;
  }

  StompMetrics metrics() {
    return metrics;
  }

  StompLimits limits() {
    return limits;
  }

  List<Header> connectedHeaders(StompSession session) {
    List<Header> headers = new ArrayList<>(7);
    headers.add(new Header("version", session.version().text()));
    headers.add(new Header("session", session.id()));
    headers.add(new Header("server", SERVER_NAME));
    headers.add(new Header("node", node.value()));
    HeartBeats beats = session.heartBeats();
    headers.add(new Header("heart-beat", beats.send() + "," + beats.receive()));
    Principal principal = session.user();
    if (principal != null) {
      headers.add(new Header("user-name", principal.getName()));
    }
    SharedSession sharedSession = session.shared();
    if (sharedSession != null) {
      headers.add(new Header("session-resumed", Boolean.toString(sharedSession.resumed())));
    }
    return headers;
  }

  /** What a publisher is told of a message that the backplane did not accept. */
  static StompException notAccepted(Throwable error) {
    Throwable cause =
        error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
    String sentence = cause instanceof BackplaneException ? cause.getMessage() : null;
    return new StompException(
        sentence != null ? sentence : "The message was not accepted.",
        null,
        CloseCode.TRY_AGAIN_LATER);
  }
}
