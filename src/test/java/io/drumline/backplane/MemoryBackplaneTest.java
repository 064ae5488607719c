package io.drumline.backplane;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.drumline.message.Publication;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.util.unit.DataSize;

final class MemoryBackplaneTest extends BackplaneHistoryContract {

  @Override
  protected Backplane create() {
    return new MemoryBackplane(new MessageIds(), RETENTIONS);
  }

  @Test
  void forgetsDestinationsThatNobodyUses() throws Exception {
    Instant[] now = {Instant.EPOCH};
    MemoryBackplane memory =
        new MemoryBackplane(new MessageIds(), Retentions.DEFAULTS, () -> now[0]);
    memory.start(inbox);
    Destination kept = destination("/topic/");
    memory.subscribe(kept);
    for (int i = 0; i < 100; i++) {
      memory.publish(draft(destination("/topic/"), "x"));
    }
    Destination ended = destination("/ephemeral/");
    memory.subscribe(ended);
    memory.unsubscribe(ended);
    memory.publish(draft(kept, "first"));
    assertThat(memory.size()).isEqualTo(102);

    now[0] = now[0].plus(Duration.ofHours(2));
    memory.publish(draft(kept, "second"));

    assertThat(memory.size()).isEqualTo(1);
    assertThat(inbox.of(kept)).hasSize(2);
    assertChained(inbox.of(kept));
  }

  @Test
  void beginsANewEpochForAForgottenDestination() {
    Instant[] now = {Instant.EPOCH};
    MemoryBackplane memory =
        new MemoryBackplane(new MessageIds(), Retentions.DEFAULTS, () -> now[0]);
    memory.start(inbox);
    Destination destination = destination("/topic/");
    memory.subscribe(destination);
    memory.publish(draft(destination, "old"));
    memory.unsubscribe(destination);
    now[0] = now[0].plus(Duration.ofHours(2));
    memory.publish(draft(destination("/topic/"), "sweeps"));
    memory.subscribe(destination);
    memory.publish(draft(destination, "new"));
    assertThat(inbox.of(destination))
        .extracting(publication -> publication.position().offset())
        .containsExactly(1L, 1L);
    assertThat(inbox.of(destination)).extracting(Publication::previousId).containsExactly("", "");
    assertThat(inbox.of(destination))
        .extracting(publication -> publication.position().epoch())
        .doesNotHaveDuplicates();
  }

  @Test
  void keepsAForgottenDestinationAsLongAsItsHistory() throws Exception {
    Instant[] now = {Instant.EPOCH};
    Duration age = Duration.ofHours(5);
    Retentions retentions =
        new Retentions(
            new DestinationProperties(
                List.of(
                    new DestinationProperties.Rule(
                        "/topic/**",
                        new DestinationProperties.History(10, DataSize.ofMegabytes(1), age)))));
    MemoryBackplane memory = new MemoryBackplane(new MessageIds(), retentions, () -> now[0]);
    memory.start(inbox);
    Destination destination = destination("/topic/");
    memory.publish(draft(destination, "x"));
    now[0] = now[0].plus(age);
    History history = memory.read(destination, 0, 10, false).toCompletableFuture().get();
    assertThat(history.publications()).hasSize(1);
    now[0] = now[0].plus(age).plusSeconds(1);
    history = memory.read(destination, 0, 10, false).toCompletableFuture().get();
    assertThat(history.last()).isNull();
    assertThat(memory.size()).isZero();
  }

  @Test
  void forgetsPublishersIdsAfterFiveMinutes() throws Exception {
    Instant[] now = {Instant.EPOCH};
    MemoryBackplane memory =
        new MemoryBackplane(new MessageIds(), Retentions.DEFAULTS, () -> now[0]);
    memory.start(inbox);
    Draft draft = new Draft(destination("/topic/"), new byte[0], new byte[0], "id", null);
    String first = memory.publish(draft).toCompletableFuture().get();
    now[0] = now[0].plus(Duration.ofMinutes(5));
    assertThat(memory.publish(draft).toCompletableFuture().get()).isEqualTo(first);
    now[0] = now[0].plusMillis(1);
    assertThat(memory.publish(draft).toCompletableFuture().get()).isNotEqualTo(first);
  }
}
