package io.drumline.backplane;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.drumline.message.Cursor;
import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.drumline.message.Publication;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What every backplane keeps of a destination's past, and how it is read. */
public abstract class BackplaneHistoryContract extends BackplaneContract {

  @Test
  void readsPagesOfWhatWasPublished() throws Exception {
    Destination destination = destination("/topic/");
    subscribe(destination);
    publish(new Draft(destination, "a:\\c\n".getBytes(UTF_8), new byte[] {0, -1}, null, "s-1"));
    publish(new Draft(destination, new byte[0], new byte[0]));
    for (int i = 2; i < 10; i++) {
      publish(draft(destination, "m" + i));
    }
    await().until(() -> inbox.of(destination).size() == 10);

    List<Publication> read = new ArrayList<>();
    for (int after : new int[] {0, 4, 8}) {
      History history = read(destination, after, 4);
      assertThat(history.first()).isEqualTo(1);
      assertThat(history.last()).isEqualTo(Cursor.after(inbox.of(destination).get(9)));
      read.addAll(history.publications());
    }

    assertThat(read).usingRecursiveComparison().isEqualTo(inbox.of(destination));
    assertThat(read(destination, 10, 4).publications()).isEmpty();
    assertThat(read(destination, Long.MAX_VALUE, 4).publications()).isEmpty();
  }

  @Test
  void readsThePositionOnly() throws Exception {
    Destination destination = destination("/topic/");
    String id = publish(draft(destination, "x"));
    History history = read(destination, 0, 0);
    assertThat(history.publications()).isEmpty();
    assertThat(lastOf(history).messageId()).isEqualTo(id);
    assertThat(history.first()).isEqualTo(1);
  }

  @Test
  void endsAPageAtAMegabyteBeyondItsFirst() throws Exception {
    Destination destination = destination("/topic/");
    String large = "x".repeat(600 * 1024);
    for (int i = 0; i < 3; i++) {
      publish(draft(destination, large));
    }
    assertThat(offsets(read(destination, 0, 10))).containsExactly(1L, 2L);
    assertThat(offsets(read(destination, 2, 10))).containsExactly(3L);
  }

  @Test
  void readsAMessageOfMoreThanAMegabyte() throws Exception {
    Destination destination = destination("/topic/");
    publish(draft(destination, "x".repeat(2 << 20)));
    publish(draft(destination, "x"));
    assertThat(offsets(read(destination, 0, 10))).containsExactly(1L, 2L);
  }

  @Test
  void endsAPageAtItsMostMessages() throws Exception {
    Destination destination = destination("/topic/many/");
    publishMany(destination, 1100, "x");
    assertThat(offsets(read(destination, 0, 5000))).hasSize(1024);
    List<Publication> rest = read(destination, 1024, 5000).publications();
    assertThat(rest).hasSize(76);
    assertChained(rest);
  }

  @Test
  void hasNoEpochBeforeItsFirstMessage() throws Exception {
    Destination destination = destination("/topic/");
    subscribe(destination);
    History history = read(destination, 0, 10);
    assertThat(history.last()).isNull();
    assertThat(history.first()).isEqualTo(1);
    assertThat(history.publications()).isEmpty();
    publish(draft(destination, "x"));
    assertThat(lastOf(read(destination, 0, 0)).offset()).isEqualTo(1);
  }

  @Test
  void beginsAnEpochForAReader() throws Exception {
    Destination destination = destination("/topic/");
    subscribe(destination);
    History begun = backplane.read(destination, 0, 0, true).toCompletableFuture().get(10, SECONDS);
    Cursor start = lastOf(begun);
    assertThat(start.offset()).isZero();
    assertThat(start.id()).isEmpty();
    assertThat(start.epoch()).startsWith(MessageIds.destinationTag(destination));
    assertThat(begun.first()).isEqualTo(1);
    assertThat(backplane.read(destination, 0, 9, true).toCompletableFuture().get(10, SECONDS))
        .isEqualTo(begun);
    publish(draft(destination, "x"));
    await().until(() -> !inbox.of(destination).isEmpty());
    assertThat(start.precedes(inbox.of(destination).get(0))).isTrue();
    assertThat(Cursor.parse(start.messageId())).isEqualTo(start);
  }

  @Test
  void keepsSoManyMessages() throws Exception {
    Destination destination = destination("/topic/few/");
    publishMany(destination, 1000, "x");
    History history = read(destination, 0, 1000);
    assertThat(history.first()).isEqualTo(991);
    assertThat(offsets(history))
        .isEqualTo(
            IntStream.rangeClosed((int) history.first(), 1000).mapToObj(i -> (long) i).toList());
    assertChained(history.publications());
  }

  @Test
  void keepsSoManyBytes() throws Exception {
    Destination destination = destination("/topic/small/");
    publishMany(destination, 300, "x".repeat(1000));
    // 64 KB are 60 of these with what is around them, and a little more may be there.
    long first = read(destination, 0, 0).first();
    assertThat(300 - first + 1).isBetween(55L, 75L);
    assertThat(offsets(read(destination, 0, 1000))).startsWith(first).endsWith(300L);
  }

  @Test
  void keepsTheNewestMessageHoweverLarge() throws Exception {
    Destination destination = destination("/topic/small/");
    publishMany(destination, 3, "x".repeat(100_000));
    assertThat(offsets(read(destination, 0, 10))).containsExactly(3L);
  }

  @Test
  void keepsMessagesForSoLong() throws Exception {
    Destination destination = destination("/topic/short/");
    publish(draft(destination, "old"));
    assertThat(offsets(read(destination, 0, 10))).containsExactly(1L);
    await().until(() -> read(destination, 0, 0).first() == 2);
    publish(draft(destination, "new"));
    History history = read(destination, 0, 10);
    assertThat(history.first()).isEqualTo(2);
    assertThat(offsets(history)).containsExactly(2L);
    assertThat(history.publications().get(0).previousId()).isNotEmpty();
  }

  @Test
  void keepsNothingWhereItIsToldTo() throws Exception {
    Destination destination = destination("/topic/none/");
    subscribe(destination);
    publish(draft(destination, "x"));
    String id = publish(draft(destination, "y"));
    await().until(() -> inbox.of(destination).size() == 2);
    assertChained(inbox.of(destination));
    History history = read(destination, 0, 10);
    assertThat(lastOf(history).messageId()).isEqualTo(id);
    assertThat(history.first()).isEqualTo(3);
    assertThat(history.publications()).isEmpty();
  }

  @Test
  void readsAtLeastWhatItDelivered() throws Exception {
    Destination destination = destination("/topic/");
    subscribe(destination);
    for (int i = 0; i < 100; i++) {
      int count = i;
      backplane.publish(draft(destination, "m" + i));
      await().until(() -> inbox.of(destination).size() > count);
      int received = inbox.of(destination).size();
      History history = read(destination, received - 1, 1);
      assertThat(history.publications().get(0).messageId())
          .isEqualTo(inbox.of(destination).get(received - 1).messageId());
    }
  }

  @Test
  void publishesOnceUnderOneId() throws Exception {
    Destination destination = destination("/topic/");
    Destination other = destination("/topic/");
    subscribe(destination);
    String first = publish(identified(destination, "order 7 \u00e9"));
    publish(draft(destination, "between"));
    assertThat(publish(identified(destination, "order 7 \u00e9"))).isEqualTo(first);
    assertThat(publish(identified(destination, "order 8"))).isNotEqualTo(first);
    assertThat(publish(identified(other, "order 7 \u00e9"))).isNotEqualTo(first);
    await().until(() -> inbox.of(destination).size() == 3);
    assertThat(bodies(destination)).containsExactly("order 7 \u00e9", "between", "order 8");
    assertThat(lastOf(read(destination, 0, 0)).offset()).isEqualTo(3);
  }

  @Test
  void publishesOnceUnderOneIdFromManyThreads() throws Exception {
    Destination destination = destination("/topic/");
    subscribe(destination);
    ExecutorService threads = Executors.newFixedThreadPool(4);
    List<Future<CompletableFuture<String>>> publishing = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      publishing.add(
          threads.submit(
              () -> backplane.publish(identified(destination, "one")).toCompletableFuture()));
    }
    List<String> ids = new ArrayList<>();
    for (Future<CompletableFuture<String>> id : publishing) {
      ids.add(id.get(10, SECONDS).get(10, SECONDS));
    }
    threads.shutdown();
    assertThat(ids).hasSize(200).containsOnly(ids.get(0));
    publish(draft(destination, "end"));
    await().untilAsserted(() -> assertThat(bodies(destination)).containsExactly("one", "end"));
  }

  private void publishMany(Destination destination, int count, String body) throws Exception {
    List<CompletableFuture<String>> publishing = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      publishing.add(backplane.publish(draft(destination, body)).toCompletableFuture());
    }
    for (CompletableFuture<String> id : publishing) {
      id.get(20, SECONDS);
    }
  }

  protected History read(Destination destination, long after, int count) throws Exception {
    return backplane.read(destination, after, count, false).toCompletableFuture().get(10, SECONDS);
  }

  protected static Cursor lastOf(History history) {
    return Objects.requireNonNull(history.last());
  }

  protected static List<Long> offsets(History history) {
    return history.publications().stream().map(p -> p.position().offset()).toList();
  }

  private static Draft identified(Destination destination, String id) {
    return new Draft(destination, new byte[0], id.getBytes(UTF_8), id, null);
  }
}
