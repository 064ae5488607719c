package io.drumline.stomp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.drumline.backplane.MemoryRevocations;
import io.drumline.backplane.Notice;
import io.drumline.backplane.Revocations;
import io.drumline.loop.NodeTimer;
import io.drumline.loop.Periodic;
import io.drumline.message.CloseCode;
import io.drumline.stomp.FakeNode.Client;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ExpulsionsTest {
  private static final Duration HOUR = Duration.ofHours(1);

  private final KnownBlocks blocks = new KnownBlocks();
  private final FakeNode node = new FakeNode(Map.of());
  private final Expulsions expulsions =
      new Expulsions(
          blocks,
          node.control,
          node.sessions,
          () -> 1,
          node.meters,
          new NodeTimer(),
          new Periodic(node.meters).guard("blocks"));

  private List<Notice> told;

  @BeforeEach
  void start() {
    expulsions.start();
    told = node.told("blocked", "restored");
  }

  @AfterEach
  void stop() {
    expulsions.close();
    node.close();
  }

  @Test
  void aBlockIsToldWithTheVersionOfAllBlocks() {
    expulsions.block(user("ann"), HOUR, "spam").toCompletableFuture().join();
    assertThat(told).hasSize(1);
    assertThat(told.get(0).fields()).containsEntry("version", "v7");
    assertThat(blocks.heard).containsExactly("v7");
  }

  @Test
  void aNoticeWithoutAVersionIsUnderstood() throws Exception {
    Client client = connected();
    String until = Long.toString(Instant.now().plus(HOUR).toEpochMilli());
    node.control.tell(
        new Notice(
            "blocked",
            Map.of(
                "kind",
                "session",
                "name",
                client.session.client().id(),
                "until",
                until,
                "reason",
                "")));
    awaitExpelled(client);
    assertThat(blocks.heard).containsExactly("");
  }

  /** Whoever connected to a node that knew nothing of a block which Redis had lost. */
  @Test
  void whoHasSlippedInIsExpelledWhenBlocksAreRestored() throws Exception {
    Client client = connected();
    blocks.stored.block(session(client), HOUR, "").toCompletableFuture().join();
    blocks.watcher().restored();
    assertThat(told).containsExactly(Notice.of("restored"));
    awaitExpelled(client);
  }

  @Test
  void whoIsFoundAmongTheBlocksIsExpelled() throws Exception {
    Client client = connected();
    blocks
        .watcher()
        .found(List.of(new Revocations.Revocation(session(client), Instant.MAX, "late")));
    awaitExpelled(client);
  }

  private Client connected() throws Exception {
    Client client = node.open().send("CONNECT\naccept-version:1.2\nhost:h\n\n\0");
    await().until(() -> client.heard().contains("CONNECTED"));
    return client;
  }

  private static void awaitExpelled(Client client) {
    await().until(() -> client.closeCode() == CloseCode.REVOKED.code());
  }

  private static Revocations.Subject user(String name) {
    return new Revocations.Subject(Revocations.Kind.USER, name);
  }

  private static Revocations.Subject session(Client client) {
    return new Revocations.Subject(Revocations.Kind.SESSION, client.session.client().id());
  }

  /** Blocks with a version, which note what they are told. */
  private static final class KnownBlocks implements Revocations {
    final MemoryRevocations stored = new MemoryRevocations();
    final List<String> heard = new ArrayList<>();
    private Optional<Watcher> watcher = Optional.empty();

    Watcher watcher() {
      return watcher.orElseThrow();
    }

    @Override
    public void watch(Watcher watcher) {
      this.watcher = Optional.of(watcher);
    }

    @Override
    public String version() {
      return "v7";
    }

    @Override
    public void blocked(Revocation block, String version) {
      heard.add(version);
    }

    @Override
    public CompletionStage<Revocation> block(Subject subject, Duration time, String reason) {
      return stored.block(subject, time, reason);
    }

    @Override
    public CompletionStage<Boolean> lift(Subject subject) {
      return stored.lift(subject);
    }

    @Override
    public CompletionStage<Optional<Revocation>> check(List<Subject> subjects) {
      return stored.check(subjects);
    }

    @Override
    public CompletionStage<Collection<Revocation>> list() {
      return stored.list();
    }
  }
}
