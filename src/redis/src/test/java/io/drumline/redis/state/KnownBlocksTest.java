package io.drumline.redis.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.backplane.Revocations.Kind;
import io.drumline.backplane.Revocations.Revocation;
import io.drumline.backplane.Revocations.Subject;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class KnownBlocksTest {
  private static final Subject ANN = new Subject(Kind.USER, "ann");
  private static final Subject BEN = new Subject(Kind.USER, "ben");

  private Instant now = Instant.EPOCH;
  private final KnownBlocks known = new KnownBlocks(() -> now);

  @Test
  void noticesThatRedisHasLostBlocks() {
    assertThat(known.isComplete("")).isTrue();
    assertThat(known.isComplete(version("a", 1))).isTrue();
    known.add(block(ANN));
    assertThat(known.isComplete(version("a", 3))).isTrue();
    assertThat(known.isComplete(version("a", 2))).as("a failover").isFalse();
    assertThat(known.isComplete("")).as("eviction").isFalse();
    assertThat(known.isComplete(version("b", 9))).as("eviction, and another block").isFalse();
    known.restored(version("b", 10));
    assertThat(known.isComplete(version("b", 10))).isTrue();
  }

  @Test
  void hasNothingToMissWithoutABlockInForce() {
    assertThat(known.isComplete(version("a", 5))).isTrue();
    known.add(block(ANN));
    now = now.plusSeconds(61);
    assertThat(known.first(List.of(ANN))).isEmpty();
    assertThat(known.isComplete("")).isTrue();
    assertThat(known.all()).isEmpty();
  }

  @Test
  void isReplacedByTheListAndKnowsWhenThatIsOld() {
    known.add(block(ANN));
    assertThat(known.first(List.of(BEN, ANN))).contains(block(ANN));
    known.isComplete(version("", 0));
    known.replace(List.of(block(BEN)), known.number());
    assertThat(known.first(List.of(ANN))).isEmpty();
    assertThat(known.isBehind()).isFalse();
    known.restored(version("a", 7));
    assertThat(known.isBehind()).isTrue();
  }

  @Test
  void knowsTheVersionOfABlockThatItHasHeardOf() {
    known.heard(block(ANN), version("a", 1));
    assertThat(known.version()).isEqualTo(version("a", 1));
    assertThat(known.isComplete("")).as("a replica without the first block").isFalse();
    known.heard(block(BEN), version("a", 5));
    assertThat(known.isComplete(version("a", 4))).isFalse();
    known.heard(block(BEN), version("a", 3)); // a notice that came late
    assertThat(known.version()).isEqualTo(version("a", 5));
  }

  @Test
  void takesNoVersionOfAnotherEpochWhileItKnowsBlocks() {
    known.heard(block(ANN), version("a", 3));
    known.heard(block(BEN), version("b", 4));
    assertThat(known.isComplete(version("b", 4))).as("the first may be lost").isFalse();
    known.heard(block(BEN), ""); // of a node before
    assertThat(known.version()).isEqualTo(version("a", 3));
  }

  @Test
  void keepsWhatItHasHeardOfWhileAllWereListed() {
    known.heard(block(ANN), version("a", 1));
    long before = known.number();
    known.heard(block(BEN), version("a", 2));
    known.replace(List.of(block(ANN)), before);
    assertThat(known.first(List.of(BEN))).isPresent();
    assertThat(known.isBehind()).isTrue();
  }

  private Revocation block(Subject subject) {
    return new Revocation(subject, Instant.EPOCH.plusSeconds(60), "");
  }

  private static String version(String epoch, long number) {
    return "99999999999999-" + epoch + "-" + number;
  }
}
