package io.drumline.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A node with hardly any direct memory; more of the kind: {@link MemoryCampaign}. */
class MemoryE2E {
  private static final int MESSAGES = 100;

  @Test
  void readersThatStallCostNoOtherAMessage() throws IOException {
    try (NodeProcess node =
            NodeProcess.withJvmOptions("direct", List.of("-XX:MaxDirectMemorySize=48m"));
        MemoryLoad load = new MemoryLoad(node.ready().clientPort())) {
      for (int i = 0; i < 120; i++) {
        load.stall(null, "/topic/all", "own-" + i); // nothing is shared
      }
      for (int i = 0; i < 12; i++) {
        load.healthy(null, "/topic/all");
      }
      assertThat(load.publish(null, List.of("/topic/all"), MESSAGES, 16_000, 100)).isEmpty();
      load.awaitHealthy(MESSAGES, Duration.ofSeconds(60));
      load.assertHealthyMissNothing(MESSAGES);
      assertThat(node.alive()).isTrue();
      // half of what is Netty's: the JVM's own limit is never reached, where allocations sleep
      assertThat(node.metric("drumline_outbound_limit_bytes ")).isEqualTo(20 * 1024 * 1024);
      assertThat(node.log()).noneMatch(line -> line.contains("Cannot reserve"));
    }
  }
}
