package io.drumline.backplane;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.drumline.backplane.SessionStore.Foreign;
import io.drumline.backplane.SessionStore.Known;
import io.drumline.backplane.SessionStore.Opened;
import io.drumline.backplane.SessionStore.Opening;
import io.drumline.backplane.SessionStore.Outcome;
import io.drumline.backplane.SessionStore.Update;
import io.drumline.message.Destination;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every store of shared sessions does, whatever it is made of. */
public abstract class SessionStoreContract {
  protected static final Duration LONG = Duration.ofMinutes(2);
  protected static final Destination NEWS = Destination.parse("/topic/news");
  protected static final Destination PRICES = Destination.parse("/topic/prices {}\u00e9");

  /** That a session was opened again, with this generation. */
  public record Notice(String clientId, long generation) {}

  protected final String clientId = "c." + UUID.randomUUID();

  /** What the first node was told. */
  protected final Queue<Notice> told = new ConcurrentLinkedQueue<>();

  /** How often the first node was told that what is stored may be lost. */
  protected final AtomicInteger interruptions = new AtomicInteger();

  /** Of each generation, the number of its last update. */
  private final Map<Long, Long> numbers = new HashMap<>();

  private SessionStore first;
  private SessionStore second;

  /** The store as one node sees it. */
  protected abstract SessionStore first();

  /** The same as another node of the cluster sees it; the same node where there is but one. */
  protected abstract SessionStore second();

  /** Lets this time pass. */
  protected abstract void pass(Duration time);

  @BeforeEach
  void listen() {
    first = first();
    second = second();
    first.listen(
        new SessionStore.Listener() {
          @Override
          public void opened(String id, long generation) {
            told.add(new Notice(id, generation));
          }

          @Override
          public void interrupted() {
            interruptions.incrementAndGet();
          }
        });
  }

  @Test
  void beginsASession() throws Exception {
    Opened opened = open(first, "ann");

    assertThat(opened.known()).isEqualTo(Known.NOTHING);
    assertThat(opened.positions()).isEmpty();
    assertThat(opened.generation()).isPositive();
  }

  @Test
  void goesOnWithASessionOnAnotherNode() throws Exception {
    Opened before = open(first, "ann");
    assertThat(
            store(
                first,
                update(before, Map.of(NEWS, at(NEWS, "a.1.x"), PRICES, at(PRICES, "b.2.y")))))
        .isEqualTo(Outcome.STORED);

    Opened after = open(second, "ann");

    assertThat(after.known()).isEqualTo(Known.ALL);
    assertThat(after.positions())
        .isEqualTo(Map.of(NEWS, at(NEWS, "a.1.x"), PRICES, at(PRICES, "b.2.y")));
    assertThat(after.generation()).isGreaterThan(before.generation());
  }

  @Test
  void keepsWhatAnUpdateDoesNotName() throws Exception {
    Opened opened = open(first, "ann");
    store(first, update(opened, Map.of(NEWS, at(NEWS, "a.1.x"), PRICES, at(PRICES, "b.2.y"))));
    store(first, update(opened, Map.of(NEWS, at(NEWS, "a.7.z"))));
    store(first, update(opened, Map.of()));

    assertThat(open(second, "ann").positions())
        .isEqualTo(Map.of(NEWS, at(NEWS, "a.7.z"), PRICES, at(PRICES, "b.2.y")));
  }

  @Test
  void forgetsDestinations() throws Exception {
    Opened opened = open(first, "ann");
    store(first, update(opened, Map.of(NEWS, at(NEWS, "a.1.x"), PRICES, at(PRICES, "b.2.y"))));
    Destination other = Destination.parse("/topic/other");

    store(first, update(opened, Map.of(other, at(other, "c.3.z")), Set.of(NEWS, PRICES)));

    assertThat(open(second, "ann").positions()).isEqualTo(Map.of(other, at(other, "c.3.z")));
  }

  @Test
  void refusesAnotherUser() throws Exception {
    Opened anns = open(first, "ann");
    store(first, update(anns, Map.of(NEWS, at(NEWS, "a.1.x"))));

    assertThat(answer(second.open(clientId, "bob", LONG))).isEqualTo(new Foreign());
    assertThat(answer(second.open(clientId, "", LONG))).isEqualTo(new Foreign());

    assertThat(told).isEmpty();
    assertThat(store(first, update(anns, Map.of(NEWS, at(NEWS, "a.2.y")))))
        .isEqualTo(Outcome.STORED);
  }

  @Test
  void tellsTheNodeThatHadTheSession() throws Exception {
    open(first, "ann");
    Opened opened = open(second, "ann");

    await()
        .untilAsserted(
            () -> assertThat(told).containsExactly(new Notice(clientId, opened.generation())));
  }

  @Test
  void fencesTheOlderSocket() throws Exception {
    Opened older = open(first, "ann");
    store(first, update(older, Map.of(NEWS, at(NEWS, "a.1.x"))));
    Opened newer = open(second, "ann");
    store(second, update(newer, Map.of(NEWS, at(NEWS, "a.5.x"))));

    assertThat(
            store(
                first, update(older, Map.of(NEWS, at(NEWS, "a.2.x"), PRICES, at(PRICES, "b.1.y")))))
        .isEqualTo(Outcome.FENCED);
    assertThat(store(first, update(older, Map.of(), Set.of(NEWS)))).isEqualTo(Outcome.FENCED);
    assertThat(store(first, whole(older, Map.of()))).isEqualTo(Outcome.FENCED);

    assertThat(open(first, "ann").positions()).isEqualTo(Map.of(NEWS, at(NEWS, "a.5.x")));
  }

  @Test
  void answersForEachOfABatch() throws Exception {
    Opened older = open(first, "ann");
    open(second, "ann");
    List<Update> batch = new ArrayList<>();
    batch.add(update(older, Map.of()));
    for (int i = 1; i < SessionStore.MAX_BATCH; i++) {
      String id = clientId + i;
      Opened opened = (Opened) answer(first.open(id, "", LONG));
      batch.add(
          new Update(
              id,
              "",
              opened.generation(),
              2,
              Update.OPENING,
              Map.of(NEWS, at(NEWS, "a." + i + ".x")),
              Set.of()));
    }

    List<Outcome> outcomes = answer(first.store(batch, LONG));

    assertThat(outcomes).hasSize(SessionStore.MAX_BATCH);
    assertThat(outcomes.get(0)).isEqualTo(Outcome.FENCED);
    assertThat(outcomes.subList(1, outcomes.size())).containsOnly(Outcome.STORED);
    assertThat(((Opened) answer(second.open(clientId + 77, "", LONG))).positions())
        .isEqualTo(Map.of(NEWS, at(NEWS, "a.77.x")));
  }

  @Test
  void forgetsASessionAfterItsTimeToLive() throws Exception {
    Duration shortly = Duration.ofMillis(200);
    Opened before = (Opened) answer(first.open(clientId, "ann", shortly));
    store(first, update(before, Map.of(NEWS, at(NEWS, "a.1.x"))), shortly);
    pass(shortly);

    Opened after = (Opened) answer(second.open(clientId, "bob", LONG));

    assertThat(after.known()).isEqualTo(Known.NOTHING);
    assertThat(after.positions()).isEmpty();
    assertThat(after.generation()).isGreaterThan(before.generation());
    assertThat(store(first, update(before, Map.of()))).isEqualTo(Outcome.FENCED);
  }

  @Test
  void keepsASessionThatIsStoredAgain() throws Exception {
    Duration shortly = Duration.ofMillis(200);
    Opened opened = (Opened) answer(first.open(clientId, "ann", shortly));
    store(first, update(opened, Map.of()), LONG);
    pass(shortly);

    assertThat(open(second, "ann").known()).isEqualTo(Known.ALL);
  }

  @Test
  void takesALostSessionFromItsSocket() throws Exception {
    Duration shortly = Duration.ofMillis(200);
    Opened opened = (Opened) answer(first.open(clientId, "ann", shortly));
    store(first, update(opened, Map.of(NEWS, at(NEWS, "a.1.x"))), shortly);
    pass(shortly);

    assertThat(store(first, update(opened, Map.of(PRICES, at(PRICES, "b.2.y")))))
        .isEqualTo(Outcome.LOST);
    assertThat(store(first, whole(opened, Map.of(PRICES, at(PRICES, "b.2.y")))))
        .isEqualTo(Outcome.STORED);

    assertThat(answer(second.open(clientId, "bob", LONG))).isEqualTo(new Foreign());
    Opened after = open(second, "ann");
    assertThat(after.positions()).isEqualTo(Map.of(PRICES, at(PRICES, "b.2.y")));
    assertThat(after.generation()).isGreaterThan(opened.generation());
  }

  /** A position of the destination, with an epoch that ends like this. */
  protected static String at(Destination destination, String rest) {
    return MessageIds.destinationTag(destination) + rest;
  }

  /** A part of a session is never taken for the whole of it. */
  @Test
  void aSessionThatWasLostIsNewUntilAllOfItIsStored() throws Exception {
    Duration shortly = Duration.ofMillis(200);
    Opened lost = (Opened) answer(first.open(clientId, "ann", shortly));
    pass(shortly);
    store(first, update(lost, Map.of(NEWS, at(NEWS, "a.1.x"))));

    Opened opened = open(second, "ann");

    assertThat(opened.known()).isEqualTo(Known.NOTHING);
    assertThat(opened.positions()).isEmpty();
  }

  @Test
  void theWholeTakesThePlaceOfWhatWasThere() throws Exception {
    Opened opened = open(first, "ann");
    store(first, update(opened, Map.of(NEWS, at(NEWS, "a.1.x"), PRICES, at(PRICES, "b.2.y"))));
    store(first, whole(opened, Map.of(NEWS, at(NEWS, "a.7.z"))));
    store(first, update(opened, Map.of(NEWS, at(NEWS, "a.8.z"))));

    assertThat(open(second, "ann").positions()).isEqualTo(Map.of(NEWS, at(NEWS, "a.8.z")));
  }

  /** As when Redis goes back to an earlier state, or the answer of an update was lost. */
  @Test
  void anUpdateThatFollowsWhatIsNotThereIsNotStored() throws Exception {
    Opened opened = open(first, "ann");
    store(first, update(opened, Map.of(NEWS, at(NEWS, "a.1.x"))));
    update(opened, Map.of(PRICES, at(PRICES, "b.2.y"))); // and that one never came

    assertThat(store(first, update(opened, Map.of(NEWS, at(NEWS, "a.7.z")))))
        .isEqualTo(Outcome.LOST);
    assertThat(open(second, "ann").positions()).isEqualTo(Map.of(NEWS, at(NEWS, "a.1.x")));
  }

  @Test
  void anUpdateThatComesLateChangesNothing() throws Exception {
    Opened opened = open(first, "ann");
    store(first, update(opened, Map.of(NEWS, at(NEWS, "a.1.x"))));
    Update late = update(opened, Map.of(), Set.of(NEWS));
    Update lateWhole = whole(opened, Map.of());
    store(first, whole(opened, Map.of(NEWS, at(NEWS, "a.7.z"))));

    assertThat(store(first, late)).isEqualTo(Outcome.LOST);
    assertThat(store(first, lateWhole)).isEqualTo(Outcome.LOST);
    assertThat(open(second, "ann").positions()).isEqualTo(Map.of(NEWS, at(NEWS, "a.7.z")));
  }

  protected Update update(Opened opened, Map<Destination, String> positions) {
    return update(opened, positions, Set.of());
  }

  private Update update(
      Opened opened, Map<Destination, String> positions, Set<Destination> forgotten) {
    long last = numbers.getOrDefault(opened.generation(), Update.OPENING);
    return numbered(opened, last, positions, forgotten);
  }

  /** All that there is. */
  protected Update whole(Opened opened, Map<Destination, String> positions) {
    return numbered(opened, Update.WHOLE, positions, Set.of());
  }

  private Update numbered(
      Opened opened, long follows, Map<Destination, String> positions, Set<Destination> forgotten) {
    long number = numbers.merge(opened.generation(), Update.OPENING + 1, (last, next) -> last + 1);
    return new Update(clientId, "ann", opened.generation(), number, follows, positions, forgotten);
  }

  protected Opened open(SessionStore store, String user) throws Exception {
    return (Opened) answer(store.open(clientId, user, LONG));
  }

  protected static Outcome store(SessionStore store, Update update) throws Exception {
    return store(store, update, LONG);
  }

  private static Outcome store(SessionStore store, Update update, Duration timeToLive)
      throws Exception {
    return answer(store.store(List.of(update), timeToLive)).get(0);
  }

  protected static <T> T answer(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(10, SECONDS);
  }

  /** For tests that say what a stage fails with. */
  protected static Opening opening(SessionStore store, String clientId) throws Exception {
    return answer(store.open(clientId, "", LONG));
  }
}
