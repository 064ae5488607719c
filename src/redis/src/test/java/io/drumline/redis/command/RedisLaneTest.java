package io.drumline.redis.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The owner's tasks run when the test says so. */
class RedisLaneTest {
  private final EmbeddedChannel owner = new EmbeddedChannel();
  private final List<List<String>> sent = new ArrayList<>();
  private final RedisLane<String> lane = new RedisLane<>(owner.eventLoop(), this::send);

  private void send() {
    List<String> together = new ArrayList<>();
    for (String next; (next = lane.poll()) != null; ) {
      together.add(next);
    }
    sent.add(together);
  }

  @AfterEach
  void close() {
    owner.finishAndReleaseAll();
  }

  @Test
  void whatIsAddedBeforeTheSenderRunsGoesOutTogetherInOrder() {
    lane.add("a");
    lane.add("b");
    owner.runPendingTasks();
    lane.add("c");
    owner.runPendingTasks();
    assertThat(sent).containsExactly(List.of("a", "b"), List.of("c"));
  }

  @Test
  void whatTheSenderLeavesIsSentWhenItRunsAgain() {
    lane.waiting().add("kept");
    owner.runPendingTasks();
    assertThat(sent).isEmpty();
    lane.schedule();
    lane.schedule();
    owner.runPendingTasks();
    assertThat(sent).containsExactly(List.of("kept"));
  }

  @Test
  void saysOnceThatRedisIsReadOnly() {
    lane.markReadOnly();
    lane.markReadOnly();
    assertThat(lane.wasReadOnly()).isTrue();
    assertThat(lane.wasReadOnly()).isFalse();
  }
}
