package io.drumline.ops;

import io.drumline.backplane.MessageIds;
import io.drumline.backplane.NodeRun;
import io.drumline.hub.Hub;
import io.drumline.message.CloseCode;
import io.drumline.message.NodeId;
import io.drumline.session.LeaseLoss;
import io.drumline.session.Nodes;
import io.drumline.spring.NodeLeaseProperties;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.time.Instant;
import java.util.Comparator;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.EventListener;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;

/**
 * This node's membership of the cluster: registers it once it serves clients, and closes their
 * connections if the node was suspended so long that the other nodes have continued without it.
 */
@Component
final class Membership {
  private final Nodes nodes;
  private final NodeId id;
  private final MessageIds ids;
  private final NodeLeaseProperties properties;
  private final Hub hub;

  Membership(Nodes nodes, NodeId id, MessageIds ids, NodeLeaseProperties properties, Hub hub) {
    this.nodes = nodes;
    this.id = id;
    this.ids = ids;
    this.properties = properties;
    this.hub = hub;
    nodes.listen(this::leaseLost);
  }

  @EventListener
  void ready(ApplicationReadyEvent event) {
    Environment environment = event.getApplicationContext().getEnvironment();
    nodes.start(
        new NodeRun(
            ids.incarnation(),
            id.value(),
            properties.host().isEmpty() ? ownAddress() : properties.host(),
            port(environment, "local.drumline.listener.port"),
            port(environment, "local.server.port"),
            // from the jar's manifest
            environment.getProperty("spring.application.version", "development"),
            Instant.now()));
  }

  private void leaseLost(LeaseLoss loss) {
    if (loss == LeaseLoss.STOOD_STILL) {
      hub.closeAll(CloseCode.STOOD_STILL, "This node stood still: reconnect.");
    }
  }

  private static int port(Environment environment, String name) {
    return environment.getProperty(name, Integer.class, 0);
  }

  /** The first address of an interface that is not loopback or link-local, preferably IPv4. */
  private static String ownAddress() {
    try {
      return NetworkInterface.networkInterfaces()
          .sorted(Comparator.comparingInt(NetworkInterface::getIndex))
          .flatMap(NetworkInterface::inetAddresses)
          .filter(address -> !address.isLoopbackAddress() && !address.isLinkLocalAddress())
          .min(Comparator.comparingInt(address -> address instanceof Inet4Address ? 0 : 1))
          .orElseGet(InetAddress::getLoopbackAddress)
          .getHostAddress();
    } catch (SocketException unknown) {
      return InetAddress.getLoopbackAddress().getHostAddress();
    }
  }
}
