package io.drumline.hub;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.hub.FailingCalls.Calls;
import io.drumline.hub.FailingCalls.Kind;
import io.drumline.hub.FailingCalls.Step;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A few clients join, are given messages, leave and are closed; all that the hub calls outside of
 * itself meanwhile is counted. Then the same again, once for each of these calls, which fails: each
 * client whose connection stays sees every message once and in order, whatever failed.
 */
class EveryStepFailsTest {
  /** Throws if a client misses something. */
  private static List<Step> play(int failing, Kind kind) {
    Calls calls = new Calls(failing, kind);
    try (FailingScene scene = new FailingScene(calls)) {
      scene.play();
    } catch (Throwable e) {
      throw new AssertionError(
          "With a failure of call "
              + failing
              + ", "
              + (failing < calls.made.size() ? calls.made.get(failing) : "none"),
          e);
    }
    return calls.made;
  }

  @Test
  void everyKindOfStepIsCalled() {
    Set<Step> called = EnumSet.copyOf(play(-1, Kind.EXCEPTION));
    assertThat(called).containsExactlyInAnyOrder(Step.values());
  }

  @ParameterizedTest
  @EnumSource
  void nobodyMissesAMessageWhicheverCallFails(Kind kind) {
    int calls = play(-1, kind).size();
    for (int failing = 0; failing < calls; failing++) {
      play(failing, kind);
    }
  }
}
