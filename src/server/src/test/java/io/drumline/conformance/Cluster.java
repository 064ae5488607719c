package io.drumline.conformance;

import static org.awaitility.Awaitility.await;

import io.drumline.DrumlineApplication;
import io.drumline.backplane.Backplane;
import io.drumline.testing.redis.TestRedis;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Nodes in this JVM, started once for all tests that want as many, and stopped when it exits: one
 * node with the memory backplane, or several on Redis.
 */
final class Cluster {
  private final List<Integer> ports;

  private Cluster(int nodes, String... properties) {
    ports = IntStream.range(0, nodes).mapToObj(i -> start(properties)).toList();
  }

  /** A class each, so that a node that does not start fails once, not for every test. */
  private static final class One {
    static final Cluster CLUSTER = new Cluster(1, "--drumline.backplane=memory");
  }

  private static final class Two {
    static final Cluster CLUSTER =
        new Cluster(
            2,
            "--drumline.backplane=redis",
            "--drumline.security.anonymous=true",
            "--drumline.redis.command-timeout=10s",
            "--drumline.redis.probe-interval=5s",
            "--spring.data.redis.url=" + TestRedis.url());
  }

  /** One node with the memory backplane. */
  static Cluster oneNode() {
    return One.CLUSTER;
  }

  /** Two nodes on the shared Redis. */
  static Cluster twoNodes() {
    return Two.CLUSTER;
  }

  /** Starts one more node and hands back its client port. */
  static int start(String... properties) {
    List<String> args = new ArrayList<>(List.of(properties));
    args.add("--drumline.listener.port=0");
    args.add("--server.port=0");
    args.add("--drumline.stomp.connect-timeout=2s");
    args.add("--drumline.stomp.heart-beat-send=500ms");
    args.add("--drumline.stomp.heart-beat-receive=500ms");
    args.add("--spring.main.banner-mode=off");
    ConfigurableApplicationContext node =
        new SpringApplicationBuilder(DrumlineApplication.class).run(args.toArray(String[]::new));
    Backplane backplane = node.getBean(Backplane.class);
    await().atMost(Duration.ofSeconds(20)).until(backplane::available);
    return node.getEnvironment().getRequiredProperty("local.drumline.listener.port", Integer.class);
  }

  int port(int node) {
    return ports.get(node);
  }
}
