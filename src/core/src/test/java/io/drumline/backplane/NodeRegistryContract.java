package io.drumline.backplane;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drumline.backplane.NodeRegistry.Alive;
import io.drumline.backplane.NodeRegistry.NodeState;
import io.drumline.backplane.NodeRegistry.Renewal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** What every registry of nodes does, whatever it is made of. */
public abstract class NodeRegistryContract {
  protected static final Duration LONG = Duration.ofMinutes(2);
  protected static final Duration SHORT = Duration.ofMillis(300);
  protected static final NodeState IDLE = new NodeState(0, false);

  protected final NodeRun ann = run("ann");
  protected final NodeRun bob = run("b\u00f6b \ud83d\ude00 \"{}\\");

  /** The registry as one node sees it, without anybody in it; the same at each call. */
  protected abstract NodeRegistry first();

  /** The same as another node of the cluster sees it; the same node where there is but one. */
  protected abstract NodeRegistry second();

  /** Lets this time pass. */
  protected abstract void pass(Duration time);

  protected static NodeRun run(String id) {
    return new NodeRun(
        "run-" + id, id, "10.0.0.1", 8080, 8081, "1.2.3", Instant.ofEpochMilli(1_700_000_000_123L));
  }

  protected static <T> T answer(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(20, SECONDS);
  }

  protected static List<NodeRun> runs(Renewal renewal) {
    return renewal.nodes().stream().map(Alive::run).toList();
  }

  @Test
  void firstRenewalTakesALease() throws Exception {
    Renewal renewal = answer(first().renew(ann, new NodeState(7, true), LONG));

    assertThat(renewal.held()).isFalse();
    assertThat(renewal.nodes()).hasSize(1);
    Alive self = renewal.nodes().get(0);
    assertThat(self.run()).isEqualTo(ann);
    assertThat(self.state()).isEqualTo(new NodeState(7, true));
    assertThat(self.left()).isEqualTo(LONG);
  }

  @Test
  void renewalKeepsTheLease() throws Exception {
    answer(first().renew(ann, IDLE, LONG));

    assertThat(answer(first().renew(ann, IDLE, LONG)).held()).isTrue();
  }

  @Test
  void nodesSeeEachOtherAndWhatEachSaysOfItself() throws Exception {
    answer(first().renew(ann, IDLE, LONG));
    answer(second().renew(bob, new NodeState(3, true), Duration.ofMinutes(1)));

    Renewal seen = answer(first().renew(ann, new NodeState(5, false), LONG));

    assertThat(runs(seen)).containsExactlyInAnyOrder(ann, bob);
    Alive other =
        seen.nodes().stream().filter(node -> node.run().equals(bob)).findFirst().orElseThrow();
    assertThat(other.state()).isEqualTo(new NodeState(3, true));
    assertThat(other.left()).isPositive().isLessThanOrEqualTo(Duration.ofMinutes(1));
    assertThat(answer(second().renew(bob, IDLE, LONG)).nodes())
        .anyMatch(node -> node.run().equals(ann) && node.state().connections() == 5);
  }

  @Test
  void whoLeavesIsGoneAtOnce() throws Exception {
    answer(first().renew(ann, IDLE, LONG));
    answer(second().renew(bob, IDLE, LONG));

    answer(second().leave(bob));

    assertThat(runs(answer(first().renew(ann, IDLE, LONG)))).containsExactly(ann);
    assertThat(answer(second().renew(bob, IDLE, LONG)).held()).isFalse();
  }

  @Test
  void leavingTwiceChangesNothing() throws Exception {
    answer(first().renew(ann, IDLE, LONG));
    answer(second().leave(bob));
    answer(second().leave(bob));

    assertThat(answer(first().renew(ann, IDLE, LONG)).held()).isTrue();
  }

  @Test
  void whoDoesNotRenewIsGoneAfterItsLease() throws Exception {
    answer(second().renew(bob, IDLE, SHORT));
    answer(first().renew(ann, IDLE, LONG));

    pass(SHORT);

    assertThat(runs(answer(first().renew(ann, IDLE, LONG)))).containsExactly(ann);
  }

  @Test
  void renewalTellsThatTheLeaseHadEndedAndTakesAnother() throws Exception {
    answer(first().renew(ann, IDLE, SHORT));

    pass(SHORT);

    Renewal late = answer(first().renew(ann, IDLE, LONG));
    assertThat(late.held()).isFalse();
    assertThat(runs(late)).containsExactly(ann);
    assertThat(answer(first().renew(ann, IDLE, LONG)).held()).isTrue();
  }

  @Test
  void anotherRunOfANodeIsAnotherNode() throws Exception {
    NodeRun again = new NodeRun("run-2", "ann", "10.0.0.1", 8080, 8081, "1", Instant.EPOCH);
    answer(first().renew(ann, IDLE, LONG));

    Renewal renewal = answer(second().renew(again, IDLE, LONG));

    assertThat(renewal.held()).isFalse();
    assertThat(runs(renewal)).containsExactlyInAnyOrder(ann, again);
  }

  @Test
  void runsKeepWithinTheirBounds() {
    for (String text : List.of("", "a\nb", "x".repeat(NodeRun.MAX_TEXT + 1))) {
      assertThatThrownBy(() -> new NodeRun("a", text, "h", 1, 2, "1", Instant.EPOCH))
          .hasMessage("The run of a node has an id.");
    }
    assertThatThrownBy(() -> new NodeRun("a", "b", "h", 1, 65_536, "1", Instant.EPOCH))
        .hasMessage("The run of a node has two ports.");
  }
}
