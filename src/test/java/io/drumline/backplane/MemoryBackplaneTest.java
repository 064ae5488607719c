package io.drumline.backplane;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.message.Destination;
import io.drumline.message.Publication;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

final class MemoryBackplaneTest extends BackplaneContract {

  @Override
  protected Backplane create() {
    return new MemoryBackplane(new MessageIds());
  }

  @Test
  void forgetsDestinationsThatNobodyUses() throws Exception {
    Instant[] now = {Instant.EPOCH};
    MemoryBackplane memory = new MemoryBackplane(new MessageIds(), () -> now[0]);
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
    MemoryBackplane memory = new MemoryBackplane(new MessageIds(), () -> now[0]);
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
}
