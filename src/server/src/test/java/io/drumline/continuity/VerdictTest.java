package io.drumline.continuity;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.continuity.Event.Received;
import io.drumline.continuity.Evidence.Lane;
import io.drumline.continuity.Evidence.Log;
import io.drumline.continuity.Evidence.Until;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each way to spoil a run turns its own verdict red and no other. */
class VerdictTest {
  private static final int STRETCH = 5;

  /** A test for many seeds; a failure names its own. */
  @Retention(RetentionPolicy.RUNTIME)
  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  @interface Seeded {}

  static LongStream seeds() {
    return new Random().longs(20);
  }

  @Seeded
  void flawlessRunIsClean(long seed) {
    Verdict verdict = new Scene(seed).verdict();
    assertThat(verdict.findings()).isEmpty();
    assertThat(verdict.clean()).isTrue();
    assertThat(verdict.accepted()).isEqualTo(180);
    assertThat(verdict.delivered()).isEqualTo(900);
  }

  @Seeded
  void messageMissingInTheMiddleIsUnflagged(long seed) {
    Scene scene = new Scene(seed);
    scene.any().events().remove(scene.middle());
    assertOnly(scene, Fault.UNFLAGGED, 1);
  }

  @Seeded
  void messageThatNobodySawIsUnflaggedForAll(long seed) {
    Scene scene = new Scene(seed);
    String destination = scene.any().destination();
    Received lost = scene.order(destination).get(scene.middle());
    scene.at(destination).forEach(log -> log.events().remove(lost));
    assertOnly(scene, missingFault(scene, lost), 5);
  }

  /** Whether another message of the publisher proves that there was something behind it. */
  private static Fault missingFault(Scene scene, Received lost) {
    Content content = lost.content();
    return scene.order(content.destination()).stream()
            .anyMatch(
                other ->
                    other.content().publisher().equals(content.publisher())
                        && other.content().sequence() > content.sequence())
        ? Fault.UNFLAGGED
        : Fault.LOST;
  }

  @Seeded
  void stretchMissingWithoutNoticeIsUnflagged(long seed) {
    Scene scene = new Scene(seed);
    int from = scene.middle();
    scene.any().events().subList(from, from + STRETCH).clear();
    assertOnly(scene, Fault.UNFLAGGED, STRETCH);
  }

  @Seeded
  void stretchMissingWithNoticeInItsPlaceIsClean(long seed) {
    Scene scene = new Scene(seed);
    int from = scene.middle();
    List<Event> events = scene.any().events();
    events.subList(from, from + STRETCH).clear();
    events.add(from, Scene.gap("trimmed"));
    Verdict verdict = scene.verdict();
    assertThat(verdict.findings()).isEmpty();
    assertThat(verdict.gaps().missing()).isEqualTo(STRETCH);
    assertThat(verdict.gaps().notices()).containsExactly(Map.entry("trimmed", 1L));
  }

  @Seeded
  void noticeAtTheWrongPlaceFlagsNothing(long seed) {
    Scene scene = new Scene(seed);
    int from = scene.middle();
    List<Event> events = scene.any().events();
    events.subList(from, from + STRETCH).clear();
    events.add(from + 1, Scene.gap("trimmed"));
    assertOnly(scene, Fault.UNFLAGGED, STRETCH);
  }

  @Seeded
  void messagesMissingAtTheEndAreLost(long seed) {
    Scene scene = new Scene(seed);
    List<Event> events = scene.any().events();
    events.subList(events.size() - STRETCH, events.size()).clear();
    assertOnly(scene, Fault.LOST, STRETCH);
  }

  @Seeded
  void subscriptionThatSawNothingLostAll(long seed) {
    Scene scene = new Scene(seed);
    scene.any().events().clear();
    assertOnly(scene, Fault.LOST, 60);
  }

  @Seeded
  void messageSeenTwiceIsDoubled(long seed) {
    Scene scene = new Scene(seed);
    int place = scene.middle();
    List<Event> events = scene.any().events();
    events.add(place + STRETCH, events.get(place));
    assertOnly(scene, Fault.DOUBLED, 1);
  }

  @Seeded
  void messagePublishedTwiceIsDoubledForAll(long seed) {
    Scene scene = new Scene(seed);
    int place = scene.middle();
    String destination = scene.any().destination();
    Received original = scene.order(destination).get(place);
    Received copy = scene.copy(original);
    scene.retried(original.content());
    scene.at(destination).forEach(log -> log.events().add(place + 1, copy));
    assertOnly(scene, Fault.DOUBLED, 5);
  }

  @Seeded
  void messagePublishedAgainAfterHistoryWasLostIsNotDoubled(long seed) {
    Scene scene = new Scene(seed);
    int place = scene.middle();
    String destination = scene.any().destination();
    Received original = scene.order(destination).get(place);
    Received copy = scene.copy(original);
    scene.retried(original.content());
    for (Log log : scene.at(destination)) {
      log.events().addAll(place + 1, List.of(Scene.gap("wiped"), copy));
    }
    assertThat(scene.verdict().findings()).isEmpty();
  }

  @Seeded
  void messagesThatChangedPlacesAreReordered(long seed) {
    Scene scene = new Scene(seed);
    int place = scene.middle();
    Collections.swap(scene.any().events(), place, place + 1);
    assertOnly(scene, Fault.REORDERED, 1);
  }

  @Seeded
  void publishersOwnOrderCountsEvenIfAllSubscriptionsAgree(long seed) {
    Scene scene = new Scene(seed);
    String destination = scene.any().destination();
    List<Received> order = new ArrayList<>(scene.order(destination));
    int one = 0;
    while (!order.get(one).content().publisher().equals(order.get(one + 1).content().publisher())) {
      one++;
    }
    for (Log log : scene.at(destination)) {
      Collections.swap(log.events(), one, one + 1);
    }
    assertOnly(scene, Fault.REORDERED, 5);
  }

  @Seeded
  void messageWithAnotherDestinationIsPhantom(long seed) {
    Scene scene = new Scene(seed);
    int place = scene.middle();
    List<Event> events = scene.any().events();
    Received received = (Received) events.get(place);
    events.set(place, new Received(received.messageId(), "/topic/other", received.content()));
    assertOnly(scene, Fault.PHANTOM, 1);
  }

  @Seeded
  void messageOfAnotherDestinationIsPhantom(long seed) {
    Scene scene = new Scene(seed);
    Received foreign = scene.order("/topic/1").get(scene.middle());
    scene.at("/topic/0").get(0).events().add(scene.middle(), foreign);
    assertOnly(scene, Fault.PHANTOM, 1);
  }

  @Seeded
  void messageThatNobodySentIsPhantom(long seed) {
    Scene scene = new Scene(seed);
    Log log = scene.any();
    log.events().add(scene.middle(), scene.phantom(log.destination()));
    assertOnly(scene, Fault.PHANTOM, 1);
  }

  @Seeded
  void visitorIsJudgedFromItsFirstReceiptToItsLastMessage(long seed) {
    Scene scene = new Scene(seed);
    scene.visitor("/topic/0");
    assertThat(scene.verdict().findings()).isEmpty();
  }

  @Seeded
  void visitorsHoleIsUnflagged(long seed) {
    Scene scene = new Scene(seed);
    List<Event> events = scene.visitor("/topic/0").events();
    events.remove(1 + new Random(seed).nextInt(events.size() - 2));
    assertOnly(scene, Fault.UNFLAGGED, 1);
  }

  /** A failover: some saw a tail that the promoted replica lacks, and only they are told. */
  @Seeded
  void tailThatTheBackplaneLostIsFlaggedForThoseWhoSawIt(long seed) {
    Scene scene = new Scene(seed);
    int from = scene.middle();
    List<Log> logs = scene.at("/topic/0");
    for (Log log : logs.subList(0, 2)) {
      log.events().add(from + STRETCH, Scene.gap("diverged"));
    }
    for (Log log : logs.subList(2, 5)) {
      log.events().subList(from, from + STRETCH).clear();
    }
    Verdict verdict = scene.verdict();
    assertThat(verdict.findings()).isEmpty();
    assertThat(verdict.gaps().abandoned()).isEqualTo(3L * STRETCH);
  }

  @Seeded
  void whoWasNotToldOfALostTailMakesItUnflaggedForTheOthers(long seed) {
    Scene scene = new Scene(seed);
    int from = scene.middle();
    List<Log> logs = scene.at("/topic/0");
    logs.get(0).events().add(from + STRETCH, Scene.gap("diverged"));
    for (Log log : logs.subList(2, 5)) {
      log.events().subList(from, from + STRETCH).clear();
    }
    assertOnly(scene, Fault.UNFLAGGED, 3 * STRETCH);
  }

  @Test
  void messageOfUnknownFateMayBeSeenOrNot() {
    Content first = new Content("/topic/0", "p", 1);
    Content unknown = new Content("/topic/0", "p", 2);
    List<Log> logs =
        List.of(
            log(new Received("1", "/topic/0", first), new Received("2", "/topic/0", unknown)),
            log(new Received("1", "/topic/0", first)));
    Lane lane = new Lane("p", 2, 1, Set.of());
    assertThat(Verdict.of(new Evidence(Map.of("/topic/0", List.of(lane)), logs)).findings())
        .isEmpty();
  }

  @Test
  void tellsHowLongSubscriptionsWereAway() {
    List<Event> resumes = new ArrayList<>();
    for (int millis = 1; millis <= 200; millis++) {
      resumes.add(new Event.Resumed(Duration.ofMillis(millis), "true"));
    }
    Collections.shuffle(resumes, new Random(1));
    assertThat(ResumeTimes.of(List.of(log(resumes.toArray(Event[]::new)))))
        .isEqualTo(new ResumeTimes(200, 100, 198, 200));
  }

  private static Log log(Event... events) {
    return new Log("s", "/topic/0", Map.of(), List.of(events), Until.THE_QUIET_END);
  }

  private static void assertOnly(Scene scene, Fault fault, long count) {
    Verdict verdict = scene.verdict();
    assertThat(verdict.clean()).isFalse();
    assertThat(verdict.faults())
        .as(() -> String.join("\n", verdict.findings()))
        .containsExactly(Map.entry(fault, count));
  }
}
