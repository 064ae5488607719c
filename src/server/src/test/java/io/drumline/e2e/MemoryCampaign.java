package io.drumline.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.security.crypto.bcrypt.BCryptPasswordEncoder;

/**
 * Nodes with little memory, and clients that read nothing: whoever reads misses nothing.
 *
 * <p>{@code -Ddrumline.stalled.seconds=300} gives the last one 2,000 readers that stall again and
 * again, and 200 messages a second for so long.
 */
class MemoryCampaign {
  private static final Logger log = LoggerFactory.getLogger(MemoryCampaign.class);
  private static final int SECONDS = Integer.getInteger("drumline.stalled.seconds", 0);
  private static final Duration CATCH_UP = Duration.ofSeconds(60 + 2L * SECONDS);
  private static final int USERS = 20;
  private static final String PUBLISHER = "user-0";

  private static NodeProcess node;

  @BeforeAll
  static void startNode() {
    String hash = new BCryptPasswordEncoder(4).encode(MemoryLoad.PASSCODE);
    List<String> settings = new ArrayList<>();
    for (int i = 0; i < USERS; i++) {
      settings.add("--drumline.security.users[" + i + "].login=user-" + i);
      settings.add("--drumline.security.users[" + i + "].password=" + hash);
    }
    settings.add("--drumline.security.max-connections-per-user=0");
    settings.add("--drumline.security.rules[0].pattern=/**");
    settings.add("--drumline.security.rules[0].send=authenticated");
    settings.add("--drumline.security.rules[0].subscribe=authenticated");
    settings.add("--drumline.hub.node-outbound-limit=16MB"); // the pool is fragmented by it
    settings.add("--drumline.listener.send-buffer=16KB"); // else the kernel holds what waits
    node =
        NodeProcess.withJvmOptions(
            "memory",
            List.of("-Xmx256m", "-XX:MaxDirectMemorySize=64m"),
            settings.toArray(String[]::new));
    node.ready();
  }

  @AfterAll
  static void stopNode() {
    node.close();
  }

  @Test
  void readersThatShareABufferAreNotClosedForIt() throws IOException {
    int messages = 9;
    int closesBefore = closes();
    try (MemoryLoad load = new MemoryLoad(node.clientPort())) {
      for (int i = 0; i < 1_000; i++) {
        load.stall(PUBLISHER, "/topic/all", "sub-0");
      }
      load.healthy(PUBLISHER, "/topic/all");
      // 900 KB wait for each of them: 900 MB, if each were counted
      load.publish(PUBLISHER, List.of("/topic/all"), messages, 100_000, 0);
      await().until(() -> load.healthy().get(0).knowsOf(messages));
      await().until(() -> figure("drumline_outbound_bytes ") > 800_000);
      assertThat(closes()).isEqualTo(closesBefore);
      assertThat(node.connections()).isGreaterThanOrEqualTo(1_001);
    }
    await().until(() -> node.connections() == 0);
  }

  @Test
  void readersOfUserDestinationsThatStallAreClosedAndResume() throws Exception {
    int readers = SECONDS > 0 ? 2_000 : 400;
    int messages = SECONDS > 0 ? SECONDS * 10 : 200;
    int limit = figure("drumline_outbound_limit_bytes ");
    AtomicInteger most = new AtomicInteger();
    int closesBefore = closes();
    ScheduledExecutorService sampler = Executors.newSingleThreadScheduledExecutor();
    try (MemoryLoad load = new MemoryLoad(node.clientPort())) {
      for (int i = 0; i < readers; i++) {
        load.stall("user-" + i % USERS, "/user/queue/orders", "own-" + i);
      }
      for (int i = 0; i < USERS; i++) {
        load.healthy("user-" + i, "/user/queue/orders");
      }
      sampler.scheduleWithFixedDelay(
          () -> most.accumulateAndGet(figure("drumline_outbound_bytes "), Math::max),
          0,
          100,
          TimeUnit.MILLISECONDS);
      if (SECONDS > 0) {
        load.wake(Duration.ofSeconds(20), 4);
      }
      List<String> destinations =
          IntStream.range(0, USERS).mapToObj(i -> "/user/user-" + i + "/queue/orders").toList();
      assertThat(load.publish(PUBLISHER, destinations, messages, 1024, SECONDS > 0 ? 10 : 0))
          .isEmpty();
      load.awaitAll(messages, CATCH_UP);
      report(load, most.get(), limit, closesBefore);
      load.assertHealthyMissNothing(messages);
      assertThat(load.stalled())
          .allSatisfy(each -> assertThat(each.received() + each.missed()).isEqualTo(messages))
          .allSatisfy(each -> assertThat(each.doubled()).isZero());
      assertThat(load.stalled()).anyMatch(each -> each.cutOff() > 0);
      assertThat(closes()).isGreaterThan(closesBefore);
      assertThat(most.get()).isLessThan(limit + limit / 2);
      assertThat(node.alive()).isTrue();
    } finally {
      sampler.shutdownNow();
    }
  }

  private static void report(MemoryLoad load, int most, int limit, int closesBefore)
      throws IOException {
    log.info(
        "{} readers stalled: cut off {} times, {} of them at least once; they received {} messages"
            + " and were told that {} are missing. {} subscribers that read all: received {}, cut"
            + " off {} times, gaps {}, doubled {}. Most bytes in outbound queues: {} of {}; closed"
            + " for the node's limit: {}; repairs: {}; log lines of memory that was lacking: {};"
            + " {}",
        load.stalled().size(),
        load.stalled().stream().mapToInt(MemoryLoad.Reader::cutOff).sum(),
        load.stalled().stream().filter(each -> each.cutOff() > 0).count(),
        load.stalled().stream().mapToLong(MemoryLoad.Reader::received).sum(),
        load.stalled().stream().mapToLong(MemoryLoad.Reader::missed).sum(),
        load.healthy().size(),
        load.healthy().stream().mapToLong(MemoryLoad.Reader::received).sum(),
        load.healthy().stream().mapToInt(MemoryLoad.Reader::cutOff).sum(),
        load.healthy().stream().mapToInt(MemoryLoad.Reader::gaps).sum(),
        load.healthy().stream().mapToInt(MemoryLoad.Reader::doubled).sum(),
        most,
        limit,
        closes() - closesBefore,
        figure("drumline_delivery_repairs_total "),
        node.log().stream().filter(line -> line.contains("java.lang.OutOfMemoryError: ")).count(),
        Files.readAllLines(Path.of("/proc/" + node.pid() + "/status")).stream()
            .filter(line -> line.startsWith("VmHWM"))
            .findFirst()
            .orElse("?"));
  }

  private static int closes() {
    return figure("drumline_outbound_closes_total ");
  }

  private static int figure(String beginning) {
    return node.metric(beginning);
  }
}
