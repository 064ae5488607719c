package io.drumline.continuity;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.Consumer;
import tools.jackson.databind.json.JsonMapper;

/** What a run gave. */
public record Proof(Evidence evidence, Verdict verdict) {
  /** Of the messages of a load: two seconds' worth before a fault, and after it. */
  private static final int CALM_SECONDS = 2;

  /** Runs the load, and the fault in the midst of it. */
  public static Proof under(Load load, String fault, Consumer<Run> happening) {
    long calm = (long) CALM_SECONDS * load.rate();
    try (Run run = Run.start(load)) {
      run.awaitLive().publish().awaitAccepted(calm);
      happening.accept(run);
      run.awaitLive().awaitAccepted(calm);
      Evidence evidence = run.finish(Run.PATIENCE);
      Verdict verdict = Verdict.of(evidence);
      System.out.printf("%s (seed %d): %s%n", fault, load.clients().seed(), verdict);
      return new Proof(evidence, verdict);
    }
  }

  /** Nothing is wrong, and there was no gap at all. */
  public void showsNoGap() {
    showsNothingUnflagged();
    assertThat(verdict.gaps().notices()).as(this::told).isEmpty();
    assertThat(verdict.gaps().missing()).as(this::told).isZero();
  }

  /** Nothing is wrong, and each subscription was told of one gap, for this reason. */
  void showsOneGapEach(String reason) {
    showsNothingUnflagged();
    for (Evidence.Log log : evidence.logs()) {
      assertThat(log.notices())
          .as(() -> log.subscriber() + " at " + log.destination())
          .singleElement()
          .extracting(Event.Notice::reason)
          .isEqualTo(reason);
    }
  }

  /** Nothing is wrong, and each notice told a number, all together that of what is missing. */
  void showsAsManyMissingAsWereTold() {
    showsNothingUnflagged();
    long told =
        evidence.logs().stream()
            .flatMap(log -> log.notices().stream())
            .mapToLong(notice -> Long.parseLong(notice.missed()))
            .sum();
    assertThat(told).as(this::told).isPositive().isEqualTo(verdict.gaps().missing());
  }

  /** Nothing is wrong; where the backplane lost something, subscribers were told. */
  public void showsNothingUnflagged() {
    assertThat(verdict.faults()).as(this::told).isEmpty();
    assertThat(verdict.delivered()).as(this::told).isPositive();
  }

  private String told() {
    return JsonMapper.builder()
        .build()
        .writerWithDefaultPrettyPrinter()
        .writeValueAsString(verdict);
  }
}
