package io.drumline.backplane;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What every control channel does, whatever it is made of. */
public abstract class ControlChannelContract {

  /** Keeps what it is told. */
  protected static final class Ear implements ControlChannel.Listener {
    public final Queue<Notice> heard = new ConcurrentLinkedQueue<>();
    private final AtomicInteger interruptions = new AtomicInteger();

    public Ear() {}

    @Override
    public void heard(Notice notice) {
      heard.add(notice);
    }

    @Override
    public void missed() {
      interruptions.incrementAndGet();
    }

    public int interruptions() {
      return interruptions.get();
    }
  }

  /** The cluster's other tests use the same channel: a kind of our own. */
  protected final String kind = "k" + UUID.randomUUID().toString().substring(0, 30);

  /** The channel as one node has it; the same at each call. */
  protected abstract ControlChannel first();

  /** The same of another node of the cluster; the same node's where there is but one. */
  protected abstract ControlChannel second();

  /** A new listener of a node, once it hears. */
  protected final Ear ear(ControlChannel channel) {
    Ear ear = new Ear();
    channel.listen(kind, ear);
    await().until(() -> ear.interruptions() > 0);
    return ear;
  }

  protected static void tell(ControlChannel channel, Notice notice) throws Exception {
    channel.tell(notice).toCompletableFuture().get(20, SECONDS);
  }

  @Test
  void allNodesHearANoticeTheTellerToo() throws Exception {
    Ear near = ear(first());
    Ear far = ear(second());
    Notice notice = new Notice(kind, Map.of("user", "\u00c4nn \ud83d\ude00\r\n", "empty", ""));

    tell(first(), notice);

    await().untilAsserted(() -> assertThat(near.heard).containsExactly(notice));
    await().untilAsserted(() -> assertThat(far.heard).containsExactly(notice));
  }

  @Test
  void severalListenToOneKind() throws Exception {
    Ear one = ear(first());
    Ear other = ear(first());

    tell(second(), Notice.of(kind));

    await().until(() -> one.heard.size() == 1 && other.heard.size() == 1);
  }

  @Test
  void nobodyHearsWhatIsOfAnotherKind() throws Exception {
    Ear ear = ear(first());

    tell(first(), Notice.of("other"));
    tell(first(), Notice.of(kind));

    await().untilAsserted(() -> assertThat(ear.heard).containsExactly(Notice.of(kind)));
  }

  @Test
  void noticesOfOneThreadKeepTheirOrder() {
    Ear ear = ear(second());
    List<Notice> notices = new ArrayList<>();
    IntStream.range(0, 500).forEach(i -> notices.add(new Notice(kind, Map.of("n", "" + i))));

    notices.forEach(first()::tell);

    await().untilAsserted(() -> assertThat(ear.heard).containsExactlyElementsOf(notices));
  }

  @Test
  void listenerThatFailsDisturbsNobody() throws Exception {
    first()
        .listen(
            kind,
            new ControlChannel.Listener() {
              @Override
              public void heard(Notice notice) {
                throw new IllegalStateException("on purpose");
              }

              @Override
              public void missed() {
                throw new IllegalStateException("on purpose");
              }
            });
    Ear ear = ear(first());

    tell(first(), Notice.of(kind));
    tell(second(), Notice.of(kind));

    await().until(() -> ear.heard.size() == 2);
  }

  @Test
  void carriesTheLargestNotice() throws Exception {
    Ear ear = ear(second());
    String value = "\u00e9".repeat(Notice.MAX_VALUE / 2);
    Map<String, String> fields = new HashMap<>();
    IntStream.range(0, Notice.MAX_FIELDS).forEach(i -> fields.put("\u00e9".repeat(31) + i, value));

    tell(first(), new Notice(kind, fields));

    await().untilAsserted(() -> assertThat(ear.heard).containsExactly(new Notice(kind, fields)));
    assertThat(value.getBytes(UTF_8)).hasSize(Notice.MAX_VALUE);
    assertThatThrownBy(() -> new Notice(kind, Map.of("name", value + "x")))
        .hasMessage("A notice has values up to 4096 bytes.");
  }
}
