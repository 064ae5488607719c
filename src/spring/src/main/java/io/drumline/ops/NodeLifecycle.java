package io.drumline.ops;

import io.drumline.backplane.Backplane;
import io.drumline.hub.Hub;
import io.drumline.message.CloseCode;
import io.drumline.session.Nodes;
import io.drumline.session.SharedSessions;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/**
 * Starts the backplane before everything else and stops it last. When this stops, no new client can
 * connect; remaining connections are closed, the positions of their sessions are stored, the node
 * releases its lease, and then the backplane is closed.
 */
@Component
final class NodeLifecycle implements SmartLifecycle {
  private static final Logger log = LoggerFactory.getLogger(NodeLifecycle.class);
  private static final Duration GOODBYE = Duration.ofSeconds(3);
  private static final int FIRST = -1_000_000;

  private final Backplane backplane;
  private final Hub hub;
  private final SharedSessions sessions;
  private final Nodes nodes;
  private final Drain drain;
  private volatile boolean running;

  NodeLifecycle(Backplane backplane, Hub hub, SharedSessions sessions, Nodes nodes, Drain drain) {
    this.backplane = backplane;
    this.hub = hub;
    this.sessions = sessions;
    this.nodes = nodes;
    this.drain = drain;
  }

  @Override
  public void start() {
    backplane.start(hub);
    running = true;
  }

  @Override
  public void stop() {
    drain.hurry();
    hub.closeAll(CloseCode.GOING_AWAY, "This node is going away: reconnect within 10 s.");
    if (!hub.awaitNoConnections(GOODBYE)) {
      log.info("{} connections did not answer the close in time", hub.connectionCount());
    }
    sessions.close();
    nodes.close();
    backplane.close();
    running = false;
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  @Override
  public int getPhase() {
    return FIRST;
  }
}
