package io.drumline.continuity;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.DrumlineApplication;
import io.drumline.continuity.Event.Lost;
import io.drumline.continuity.Load.Clients;
import io.drumline.continuity.Load.Continuity;
import io.drumline.hub.Hub;
import io.drumline.testing.redis.RedisServer;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** Nodes that come later get their share of clients, who miss nothing. */
class RebalanceIT {
  private static final int CLIENTS = 300;
  private static final String SPREAD = "closed with 1001 The load is spread anew: reconnect now.";

  /** A Redis of its own: nodes of other tests would count. */
  private static RedisServer redis;

  private final List<Server> servers = new ArrayList<>();

  /** A node in this JVM. */
  private record Server(ConfigurableApplicationContext context) {
    URI url() {
      String port = context.getEnvironment().getProperty("local.drumline.listener.port");
      return URI.create("ws://127.0.0.1:" + port + "/ws");
    }

    int connections() {
      return context.getBean(Hub.class).connectionCount();
    }

    double futile() {
      return context.getBean(MeterRegistry.class).get("drumline.rebalance.futile").gauge().value();
    }

    double closed(String reason) {
      return context
          .getBean(MeterRegistry.class)
          .get("drumline.rebalance.closed")
          .tag("reason", reason)
          .counter()
          .count();
    }
  }

  @BeforeAll
  static void startRedis() {
    redis = RedisServer.start();
  }

  @AfterAll
  static void stopRedis() {
    redis.close();
  }

  @AfterEach
  void stop() {
    servers.forEach(server -> server.context.close());
  }

  private Server start(String... properties) {
    String[] all =
        Stream.concat(
                Stream.of(
                    "drumline.listener.port=0",
                    "server.port=0",
                    "drumline.backplane=redis",
                    "drumline.security.anonymous=true",
                    "drumline.node.renewal=200ms",
                    "spring.data.redis.url=" + redis.url()),
                Stream.of(properties))
            .map(property -> "--" + property)
            .toArray(String[]::new);
    Server server = new Server(new SpringApplicationBuilder(DrumlineApplication.class).run(all));
    servers.add(server);
    return server;
  }

  private static ConditionFactory patiently() {
    return Awaitility.await()
        .atMost(Run.PATIENCE)
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(20));
  }

  private List<URI> urls() {
    return servers.stream().map(Server::url).toList();
  }

  /** Waits until no more sockets are closed, for longer than it takes to settle. */
  private static void awaitNoMoreClosed(Server server) {
    double[] last = {-1};
    patiently()
        .during(Duration.ofSeconds(5))
        .until(
            () -> {
              double closed = server.closed("mean");
              boolean same = closed == last[0];
              last[0] = closed;
              return same;
            });
  }

  private static Load load(List<URI> urls) {
    Clients clients = new Clients(Continuity.RESUMING, Duration.ofSeconds(10), System.nanoTime());
    return new Load(urls, CLIENTS, 10, 100, 100, clients);
  }

  private static void showNothingMissing(Evidence evidence) {
    Verdict verdict = Verdict.of(evidence);
    assertThat(verdict.faults()).as(() -> verdict.findings().toString()).isEmpty();
    assertThat(verdict.gaps().notices()).isEmpty();
    assertThat(verdict.delivered()).isPositive();
  }

  /** Clients that have come, but not by the node's rebalancing, are closed by it at any age. */
  private static final String[] ON = {
    "drumline.rebalance.enabled=true",
    "drumline.rebalance.settle=3s",
    "drumline.rebalance.min-age=0s",
    "drumline.rebalance.rate=100"
  };

  private static List<Lost> lost(Evidence evidence) {
    return evidence.logs().stream().flatMap(log -> log.of(Lost.class)).toList();
  }

  @Test
  void nodesAboveTheMeanGiveClientsUpDownToTheMean() {
    // Clients that lose the first node will know the others by then.
    List<URI> urls = new CopyOnWriteArrayList<>(List.of(start(ON).url()));
    try (Run run = Run.start(load(urls))) {
      run.awaitLive().publish().awaitAccepted(50);
      Server full = servers.get(0);
      int all = full.connections();
      urls.add(start(ON).url());
      urls.add(start(ON).url());

      int mean = all / 3 + 1;
      patiently().until(() -> full.connections() <= mean);
      run.awaitLive().awaitAccepted(100);
      patiently()
          .untilAsserted(
              () ->
                  assertThat(servers)
                      .allSatisfy(
                          server ->
                              assertThat(server.connections())
                                  .isBetween(mean * 8 / 10, mean * 12 / 10)));
      awaitNoMoreClosed(full);
      assertThat(servers).allSatisfy(server -> assertThat(server.futile()).isZero());
      run.awaitLive();
      assertThat(full.connections()).isGreaterThanOrEqualTo(all / 3);
      assertThat(full.closed("age")).isZero();

      Evidence evidence = run.finish(Run.PATIENCE);
      showNothingMissing(evidence);
      assertThat(lost(evidence)).isNotEmpty().allMatch(each -> each.why().equals(SPREAD));
    }
  }

  @Test
  void aNodeStopsWhereItsClientsComeBackToItAsBehindAHash() {
    Server full = start(ON);
    try (Run run = Run.start(load(urls()))) { // they know this one only
      run.awaitLive().publish();
      start(ON);
      start(ON);
      patiently().until(() -> full.futile() == 1);
      awaitNoMoreClosed(full);
      run.awaitLive().awaitAccepted(100);

      Evidence evidence = run.finish(Run.PATIENCE);
      showNothingMissing(evidence);
      // The first round, and the second where clients on a busy machine were slow to come back.
      assertThat(full.closed("mean")).isBetween(50.0, 250.0);
      assertThat(lost(evidence)).isNotEmpty().allMatch(each -> each.why().equals(SPREAD));
      // The oldest first: nobody twice.
      assertThat(evidence.logs())
          .allSatisfy(log -> assertThat(log.of(Lost.class)).hasSizeLessThanOrEqualTo(1));
    }
  }

  @Test
  void clientsThatHaveJustComeAreLeftWhereTheyAre() {
    String[] old = ON.clone();
    old[2] = "drumline.rebalance.min-age=1h";
    Server full = start(old);
    try (Run run = Run.start(load(urls()))) {
      run.awaitLive().publish();
      start();
      start();
      run.last(Duration.ofSeconds(5)).awaitAccepted(100);
      assertThat(full.closed("mean")).isZero();
      assertThat(lost(run.finish(Run.PATIENCE))).isEmpty();
    }
  }

  @Test
  void nobodyIsMovedUnlessItIsSwitchedOn() {
    Server full = start("drumline.rebalance.settle=1s", "drumline.rebalance.rate=100");
    try (Run run = Run.start(load(urls()))) {
      run.awaitLive().publish();
      start();
      start();
      run.last(Duration.ofSeconds(4)).awaitAccepted(100);
      assertThat(full.closed("mean") + full.closed("age")).isZero();
      assertThat(lost(run.finish(Run.PATIENCE))).isEmpty();
    }
  }

  @Test
  void socketsOfACertainAgeAreClosedOneAfterTheOther() {
    String[] on = {"drumline.rebalance.max-age=8s", "drumline.rebalance.jitter=0.5"};
    start(on);
    start(on);
    try (Run run = Run.start(load(urls()))) {
      run.publish(); // on a busy machine they are never live all at once
      patiently().until(() -> servers.stream().mapToDouble(s -> s.closed("age")).sum() >= CLIENTS);
      Evidence evidence = run.finish(Run.PATIENCE);
      showNothingMissing(evidence);
      assertThat(lost(evidence)).allMatch(each -> each.why().equals(SPREAD));
      // They came at once and go over four seconds, by chance: not all within two.
      List<Long> firsts =
          evidence.logs().stream()
              .flatMap(log -> log.of(Lost.class).limit(1))
              .map(Lost::nanos)
              .sorted()
              .toList();
      long span = firsts.get(firsts.size() - 1) - firsts.get(0);
      assertThat(span).isGreaterThan(Duration.ofSeconds(2).toNanos());
      assertThat(servers).allSatisfy(server -> assertThat(server.closed("mean")).isZero());
    }
  }
}
