package io.drumline.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.drumline.backplane.BackplaneException;
import io.drumline.backplane.NodeRegistry;
import io.drumline.backplane.NodeRun;
import io.drumline.loop.Periodic;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

@ExtendWith(OutputCaptureExtension.class)
class NodesTest {
  private static final String WARNING = "This node's lease was not renewed: It is refused.";

  private final AtomicInteger renewals = new AtomicInteger();
  private final AtomicBoolean available = new AtomicBoolean();
  private final Nodes nodes =
      new Nodes(
          new RefusingRegistry(),
          new LeaseSettings(Duration.ofSeconds(1), Duration.ofMillis(100)),
          available::get,
          () -> 0,
          new Periodic(new SimpleMeterRegistry()),
          new SimpleMeterRegistry());

  private final class RefusingRegistry implements NodeRegistry {
    @Override
    public CompletionStage<Renewal> renew(NodeRun self, NodeState state, Duration lease) {
      renewals.incrementAndGet();
      return CompletableFuture.failedFuture(new BackplaneException("It is refused.", null));
    }

    @Override
    public CompletionStage<Void> leave(NodeRun self) {
      return CompletableFuture.completedFuture(null);
    }
  }

  @AfterEach
  void close() {
    nodes.close();
  }

  @Test
  void aFirstLeaseThatIsRefusedIsToldOnceTheBackplaneIsAvailable(CapturedOutput output) {
    nodes.start(new NodeRun("run1", "alone", "10.1.2.3", 1, 2, "1.0", Instant.EPOCH));
    await().until(() -> renewals.get() > 2);
    assertThat(output).doesNotContain(WARNING);
    available.set(true);
    await().untilAsserted(() -> assertThat(output.getOut()).containsOnlyOnce(WARNING));
  }
}
