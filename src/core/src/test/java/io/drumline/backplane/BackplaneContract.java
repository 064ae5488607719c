package io.drumline.backplane;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.drumline.message.Destination;
import io.drumline.message.DestinationPattern;
import io.drumline.message.Draft;
import io.drumline.message.Position;
import io.drumline.message.Publication;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every backplane does, whatever it is made of. */
public abstract class BackplaneContract {
  /** What {@link #create} is given, for {@link BackplaneHistoryContract}. */
  public static final Retentions RETENTIONS =
      new Retentions(
          List.of(
              rule("/topic/few/**", 10, 4 << 20, Duration.ofMinutes(5)),
              rule("/topic/many/**", 2000, 4 << 20, Duration.ofMinutes(5)),
              rule("/topic/small/**", 2000, 64 << 10, Duration.ofMinutes(5)),
              rule("/topic/short/**", 2000, 4 << 20, Duration.ofSeconds(1)),
              rule("/topic/none/**", 0, 4 << 20, Duration.ofMinutes(5))));

  private static Retentions.Rule rule(String pattern, int messages, long bytes, Duration age) {
    return new Retentions.Rule(
        DestinationPattern.parse(pattern), new Retention(messages, bytes, age));
  }

  protected final Inbox inbox = new Inbox();
  protected Backplane backplane;

  /** A backplane that is not started. */
  protected abstract Backplane create();

  @BeforeEach
  void start() {
    backplane = create();
    backplane.start(inbox);
    await().until(backplane::available);
  }

  @AfterEach
  void close() {
    backplane.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/topic/", "/ephemeral/", "/user/Ann %25 %2F/"})
  void returnsWhatIsPublishedOnceSubscribed(String prefix) throws Exception {
    Destination destination = destination(prefix);
    subscribe(destination);
    String id = publish(draft(destination, "hello"));
    await().until(() -> !inbox.of(destination).isEmpty());
    publish(draft(destination, "end"));
    await().untilAsserted(() -> assertThat(bodies(destination)).containsExactly("hello", "end"));
    assertThat(inbox.of(destination).get(0).messageId()).isEqualTo(id);
  }

  @Test
  void keepsTheOrderOfEveryPublisher() throws Exception {
    int publishers = 4;
    int messages = 3000;
    Destination destination = destination("/topic/");
    subscribe(destination);
    List<Future<List<CompletableFuture<String>>>> sending = new ArrayList<>();
    ExecutorService threads = Executors.newFixedThreadPool(publishers);
    for (int publisher = 0; publisher < publishers; publisher++) {
      String name = publisher + ":";
      sending.add(
          threads.submit(
              () ->
                  IntStream.range(0, messages)
                      .mapToObj(i -> backplane.publish(draft(destination, name + i)))
                      .map(stage -> stage.toCompletableFuture())
                      .toList()));
    }
    for (Future<List<CompletableFuture<String>>> list : sending) {
      for (CompletableFuture<String> id : list.get(20, SECONDS)) {
        id.get(20, SECONDS);
      }
    }
    threads.shutdown();
    await().until(() -> inbox.of(destination).size() >= publishers * messages);
    for (int publisher = 0; publisher < publishers; publisher++) {
      String name = publisher + ":";
      assertThat(bodies(destination).stream().filter(body -> body.startsWith(name)))
          .containsExactlyElementsOf(IntStream.range(0, messages).mapToObj(i -> name + i).toList());
    }
    assertChained(inbox.of(destination));
  }

  @Test
  void countsOffsetsAndChainsIds() throws Exception {
    Destination destination = destination("/topic/");
    subscribe(destination);
    for (int i = 0; i < 5; i++) {
      publish(draft(destination, "m" + i));
    }
    await().until(() -> inbox.of(destination).size() == 5);
    List<Publication> received = inbox.of(destination);
    assertThat(received.get(0).position().offset()).isEqualTo(1);
    assertThat(received.get(0).previousId()).isEmpty();
    assertChained(received);
  }

  @Test
  void countsOnWhileNobodySubscribes() throws Exception {
    Destination destination = destination("/topic/");
    publish(draft(destination, "unheard"));
    subscribe(destination);
    publish(draft(destination, "heard"));
    await().until(() -> !inbox.of(destination).isEmpty());
    Publication heard = inbox.of(destination).get(0);
    assertThat(heard.position().offset()).isEqualTo(2);
    assertThat(heard.previousId()).isNotEmpty();
  }

  @Test
  void deliversOnlyWhatIsSubscribed() throws Exception {
    Destination wanted = destination("/topic/");
    Destination other = destination("/topic/");
    Destination ended = destination("/topic/");
    subscribe(wanted);
    subscribe(ended);
    backplane.unsubscribe(ended);
    String last = publishUntilSilent(ended);
    publish(draft(other, "x"));
    publish(draft(wanted, "y"));
    await().until(() -> !inbox.of(wanted).isEmpty());
    assertThat(inbox.of(other)).isEmpty();
    assertThat(inbox.of(ended)).extracting(Publication::messageId).doesNotContain(last);
  }

  @Test
  void subscribesAgainAfterUnsubscribe() throws Exception {
    Destination destination = destination("/topic/");
    for (int round = 0; round < 20; round++) {
      subscribe(destination);
      String id = publish(draft(destination, "round " + round));
      await().until(() -> inbox.of(destination).stream().anyMatch(p -> p.messageId().equals(id)));
      backplane.unsubscribe(destination);
    }
    assertThat(inbox.of(destination)).hasSize(20);
  }

  @Test
  void confirmsOnlyTheLastOfQuickResubscriptions() throws Exception {
    Destination destination = destination("/topic/");
    for (int round = 0; round < 200; round++) {
      backplane.subscribe(destination);
      backplane.unsubscribe(destination);
    }
    subscribe(destination);
    publish(draft(destination, "now"));
    await().untilAsserted(() -> assertThat(bodies(destination)).containsExactly("now"));
  }

  @Test
  void carriesEveryByte() throws Exception {
    Destination destination = destination("/topic/");
    subscribe(destination);
    byte[] all = new byte[256];
    for (int i = 0; i < all.length; i++) {
      all[i] = (byte) i;
    }
    byte[] large = new byte[1 << 20];
    new Random(1).nextBytes(large);
    byte[] headers = "content-type:text/plain\na\\cb:\u00e9\\n\n".getBytes(UTF_8);
    for (byte[] body : List.of(all, new byte[0], new byte[] {0, 0, 0}, large)) {
      publish(new Draft(destination, headers, body));
    }
    await().until(() -> inbox.of(destination).size() == 4);
    assertThat(inbox.of(destination))
        .extracting(Publication::body)
        .containsExactly(all, new byte[0], new byte[] {0, 0, 0}, large);
    assertThat(inbox.of(destination)).extracting(Publication::headers).containsOnly(headers);
  }

  @Test
  void carriesTheSessionItIsFor() throws Exception {
    Destination destination = Destination.ofUser("Ann/\u00e9%}{", "/queue/" + UUID.randomUUID());
    subscribe(destination);
    publish(new Draft(destination, new byte[0], new byte[0], null, "session-7"));
    publish(new Draft(destination, new byte[0], new byte[0]));
    await().until(() -> inbox.of(destination).size() == 2);
    assertThat(inbox.of(destination))
        .extracting(Publication::session)
        .containsExactly("session-7", null);
    assertThat(inbox.of(destination).get(0).destination().user()).isEqualTo("Ann/\u00e9%}{");
  }

  @Test
  void saysWhenItWasPublished() throws Exception {
    Destination destination = destination("/topic/");
    subscribe(destination);
    long before = System.currentTimeMillis();
    publish(draft(destination, "x"));
    long after = System.currentTimeMillis();
    await().until(() -> !inbox.of(destination).isEmpty());
    assertThat(inbox.of(destination).get(0).time()).isBetween(before, after);
  }

  @Test
  void givesEphemeralMessagesNoPosition() throws Exception {
    Destination destination = destination("/ephemeral/");
    subscribe(destination);
    String id = publish(draft(destination, "x"));
    await().until(() -> !inbox.of(destination).isEmpty());
    Publication publication = inbox.of(destination).get(0);
    assertThat(publication.position()).isEqualTo(Position.NONE);
    assertThat(publication.previousId()).isEmpty();
    assertThat(publication.id()).isEqualTo(id);
  }

  @Test
  void givesEveryDestinationAnEpochOfItsOwn() throws Exception {
    Destination one = destination("/topic/");
    Destination two = destination("/topic/");
    for (Destination destination : List.of(one, two)) {
      subscribe(destination);
      publish(draft(destination, "x"));
      await().until(() -> !inbox.of(destination).isEmpty());
      assertThat(inbox.of(destination).get(0).position().epoch())
          .startsWith(MessageIds.destinationTag(destination))
          .hasSizeGreaterThan(5);
    }
    assertThat(inbox.of(one).get(0).position().epoch())
        .isNotEqualTo(inbox.of(two).get(0).position().epoch());
  }

  /** A few may still arrive after unsubscribe: the id of the first that did not. */
  private String publishUntilSilent(Destination destination) throws Exception {
    Destination marker = destination("/topic/");
    subscribe(marker);
    for (int i = 0; i < 100; i++) {
      String id = publish(draft(destination, "late"));
      publish(draft(marker, "m"));
      int count = i + 1;
      await().until(() -> inbox.of(marker).size() == count);
      if (inbox.of(destination).stream().noneMatch(p -> p.messageId().equals(id))) {
        return id;
      }
    }
    throw new AssertionError("still subscribed");
  }

  protected static void assertChained(List<Publication> received) {
    for (int i = 1; i < received.size(); i++) {
      Publication previous = received.get(i - 1);
      Publication next = received.get(i);
      assertThat(next.previousId()).isEqualTo(previous.id());
      assertThat(next.position().offset()).isEqualTo(previous.position().offset() + 1);
      assertThat(next.position().epoch()).isEqualTo(previous.position().epoch());
    }
  }

  protected void subscribe(Destination destination)
      throws InterruptedException, ExecutionException, TimeoutException {
    backplane.subscribe(destination).toCompletableFuture().get(10, SECONDS);
  }

  protected String publish(Draft draft)
      throws InterruptedException, ExecutionException, TimeoutException {
    return backplane.publish(draft).toCompletableFuture().get(10, SECONDS);
  }

  protected List<String> bodies(Destination destination) {
    return inbox.of(destination).stream().map(p -> new String(p.body(), UTF_8)).toList();
  }

  protected static Destination destination(String prefix) {
    return Destination.parse(prefix + UUID.randomUUID());
  }

  protected static Draft draft(Destination destination, String body) {
    return new Draft(destination, "h:v\n".getBytes(UTF_8), body.getBytes(UTF_8));
  }
}
