package io.drumline.backplane;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.message.Destination;
import io.drumline.message.DestinationPattern;
import io.drumline.message.Draft;
import io.drumline.message.Publication;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class MemoryBackplaneTest extends BackplaneHistoryContract {

  @Override
  protected Backplane create() {
    return new MemoryBackplane(
        new MessageIds(), RETENTIONS, MemoryLimits.DEFAULTS, new SimpleMeterRegistry());
  }

  @Test
  void forgetsDestinationsThatNobodyUses() throws Exception {
    Instant[] now = {Instant.EPOCH};
    MemoryBackplane memory =
        new MemoryBackplane(
            new MessageIds(), Retentions.DEFAULTS, budget(Long.MAX_VALUE), () -> now[0]);
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
    for (int i = 0; i < 7; i++) {
      memory.publish(draft(kept, "next")); // each looks after some of those that are due
    }

    assertThat(memory.size()).isEqualTo(1);
    assertThat(inbox.of(kept)).hasSize(8);
    assertChained(inbox.of(kept));
  }

  @Test
  void beginsANewEpochForAForgottenDestination() {
    Instant[] now = {Instant.EPOCH};
    MemoryBackplane memory =
        new MemoryBackplane(
            new MessageIds(), Retentions.DEFAULTS, budget(Long.MAX_VALUE), () -> now[0]);
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
            List.of(
                new Retentions.Rule(
                    DestinationPattern.parse("/topic/**"), new Retention(10, 1 << 20, age))));
    MemoryBackplane memory =
        new MemoryBackplane(new MessageIds(), retentions, budget(Long.MAX_VALUE), () -> now[0]);
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
        new MemoryBackplane(
            new MessageIds(), Retentions.DEFAULTS, budget(Long.MAX_VALUE), () -> now[0]);
    memory.start(inbox);
    Draft draft = new Draft(destination("/topic/"), new byte[0], new byte[0], "id", null);
    String first = memory.publish(draft).toCompletableFuture().get();
    now[0] = now[0].plus(Duration.ofMinutes(5));
    assertThat(memory.publish(draft).toCompletableFuture().get()).isEqualTo(first);
    now[0] = now[0].plusMillis(1);
    assertThat(memory.publish(draft).toCompletableFuture().get()).isNotEqualTo(first);
  }

  private static MemoryBudget budget(long bytes) {
    return new MemoryBudget(bytes, new SimpleMeterRegistry());
  }

  @Test
  void destinationsThatClientsInventTakeNoMoreThanTheLimit() {
    MemoryBudget budget = budget(1 << 20);
    MemoryBackplane memory =
        new MemoryBackplane(new MessageIds(), Retentions.DEFAULTS, budget, InstantSource.system());
    memory.start(inbox);
    for (int i = 0; i < 10_000; i++) {
      assertThat(memory.publish(draft(destination("/topic/"), "x".repeat(1000)))).isCompleted();
      assertThat(budget.used()).isLessThan((1 << 20) + 2048);
    }
    assertThat(memory.size()).isBetween(300, 700);
  }

  @Test
  void whatIsOverTheLimitIsTakenFromThoseThatWereNotUsedForLong() throws Exception {
    Instant[] now = {Instant.EPOCH};
    MemoryBackplane memory =
        new MemoryBackplane(new MessageIds(), Retentions.DEFAULTS, budget(100_000), () -> now[0]);
    memory.start(inbox);
    List<Destination> old = Stream.generate(() -> destination("/topic/")).limit(10).toList();
    old.forEach(each -> memory.publish(draft(each, "x".repeat(1000))));
    now[0] = now[0].plusSeconds(1);
    Destination used = destination("/topic/");
    for (int i = 0; i < 75; i++) {
      memory.publish(draft(used, "x".repeat(1000)));
    }
    assertThat(memory.read(used, 0, 100, false).toCompletableFuture().get().publications())
        .hasSize(75);
    assertThat(memory.size()).isLessThan(11);
  }

  @Test
  void whoSubscribesKeepsTheNewerHalfAndTheOrder() throws Exception {
    MemoryBackplane memory =
        new MemoryBackplane(
            new MessageIds(), Retentions.DEFAULTS, budget(100_000), InstantSource.system());
    memory.start(inbox);
    Destination destination = destination("/topic/");
    memory.subscribe(destination);
    for (int i = 0; i < 1000; i++) {
      assertThat(memory.publish(draft(destination, "x".repeat(1000)))).isCompleted();
    }
    assertThat(inbox.of(destination)).hasSize(1000);
    assertChained(inbox.of(destination));
    History history = memory.read(destination, 0, 1000, false).toCompletableFuture().get();
    assertThat(history.publications()).hasSizeBetween(30, 80);
    assertThat(history.publications().get(history.publications().size() - 1).position().offset())
        .isEqualTo(1000);
  }

  @Test
  void refusesWhatNothingMakesRoomFor() {
    MemoryBackplane memory =
        new MemoryBackplane(
            new MessageIds(), Retentions.DEFAULTS, budget(10_000), InstantSource.system());
    memory.start(inbox);
    Destination destination = destination("/topic/");
    memory.subscribe(destination);
    assertThat(memory.publish(draft(destination, "x".repeat(20_000)))).isCompleted();

    assertThat(memory.publish(draft(destination, "y")))
        .isCompletedExceptionally()
        .failsWithin(Duration.ZERO)
        .withThrowableThat()
        .withMessageContaining("the backplane is overloaded");
    memory.unsubscribe(destination);
    assertThat(memory.publish(draft(destination, "y"))).isCompleted();
  }

  @Test
  void givesBackWhatItForgets() {
    Instant[] now = {Instant.EPOCH};
    MemoryBudget budget = budget(Long.MAX_VALUE);
    MemoryBackplane memory =
        new MemoryBackplane(new MessageIds(), Retentions.DEFAULTS, budget, () -> now[0]);
    memory.start(inbox);
    for (int i = 0; i < 500; i++) {
      memory.publish(
          new Draft(destination("/topic/"), new byte[10], new byte[100], "id" + i, null));
    }
    assertThat(budget.used()).isGreaterThan(500 * 110);
    now[0] = now[0].plus(Duration.ofHours(2));
    for (int i = 0; i < 32; i++) { // each looks after some of those that are due
      memory.publish(new Draft(destination("/ephemeral/"), new byte[0], new byte[0], null, null));
    }
    assertThat(budget.used()).isZero();
  }

  /** However many destinations there are, one publication looks after a few of them. */
  @Test
  void noPublicationWaitsUntilAllDestinationsWereLookedAfter() {
    Instant[] now = {Instant.EPOCH};
    MemoryBackplane memory =
        new MemoryBackplane(
            new MessageIds(), Retentions.DEFAULTS, budget(Long.MAX_VALUE), () -> now[0]);
    memory.start(inbox);
    for (int i = 0; i < 1000; i++) {
      memory.publish(draft(destination("/topic/"), "x"));
    }
    now[0] = now[0].plus(Duration.ofHours(2));
    Destination destination = destination("/topic/");
    memory.publish(draft(destination, "x"));
    assertThat(memory.size()).isBetween(900, 1000);
    for (int i = 0; i < 100; i++) {
      memory.publish(draft(destination, "x"));
    }
    assertThat(memory.size()).isEqualTo(1);
  }

  /** What was given up for the limit is not kept in the queue of those to look after. */
  @Test
  void looksAfterNothingThatWasGivenUp() {
    MemoryBackplane memory =
        new MemoryBackplane(
            new MessageIds(), Retentions.DEFAULTS, budget(1 << 20), InstantSource.system());
    memory.start(inbox);
    for (int i = 0; i < 10_000; i++) {
      memory.publish(draft(destination("/topic/"), "x".repeat(1000)));
    }
    assertThat(memory.dueCount()).isEqualTo(memory.size());
  }
}
