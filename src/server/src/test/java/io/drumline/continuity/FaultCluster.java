package io.drumline.continuity;

import io.drumline.e2e.NodeProcess;
import io.drumline.testing.TcpProxy;
import io.drumline.testing.redis.RedisServer;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Three node processes and a Redis, each to be broken; clients choose nodes by themselves. */
final class FaultCluster implements AutoCloseable {
  private static final int NODES = 3;

  final RedisServer redis;
  final TcpProxy proxy;
  final List<NodeProcess> nodes = new ArrayList<>();

  /** Between which nodes and Redis the proxy is. */
  enum Proxied {
    THE_LAST,
    ALL
  }

  FaultCluster(Proxied proxied, String... redisArguments) {
    redis = RedisServer.start(redisArguments);
    proxy = new TcpProxy(redis.port());
    for (int n = 0; n < NODES; n++) {
      boolean direct = proxied == Proxied.THE_LAST && n < NODES - 1;
      nodes.add(NodeProcess.clustered("n" + n, direct ? redis.url() : proxy.url()));
    }
    nodes.forEach(NodeProcess::ready);
  }

  Load load() {
    return Load.usual(nodes.stream().map(node -> URI.create(node.webSocket())).toList());
  }

  /** Runs the load, and the fault in the midst of it. */
  Proof under(Load load, String fault, Consumer<Run> happening) {
    return Proof.under(load, fault, happening);
  }

  @Override
  public void close() {
    nodes.forEach(NodeProcess::close);
    proxy.close();
    redis.close();
  }
}
