package io.drumline.stomp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.drumline.backplane.ControlChannel;
import io.drumline.backplane.Notice;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whose a session is that another node holds; the other node is the test. */
class RemoteSessionsTest {
  private final List<String> heard = new CopyOnWriteArrayList<>();
  private FakeNode node;

  @BeforeEach
  void start() {
    node = new FakeNode(Map.of());
  }

  @AfterEach
  void stop() {
    node.close();
  }

  @Test
  void whatWaitsForTheAnswerKeepsItsOrder() {
    for (int i = 0; i < 3; i++) {
      int number = i;
      node.remote.ask("far", 10, user -> heard.add(number + " " + user));
    }
    assertThat(heard).isEmpty();

    tell("session-found", "session", "far", "user", "ann");
    node.remote.ask("far", 10, user -> heard.add("3 " + user));

    assertThat(heard).containsExactly("0 ann", "1 ann", "2 ann", "3 ann");
    assertThat(node.count("drumline.session.lookups", "outcome", "found")).isEqualTo(1);
  }

  @Test
  void isAskedAgainOnceTheSessionHasEnded() {
    node.remote.ask("far", 10, user -> {});
    tell("session-found", "session", "far", "user", "ann");

    tell("session-ended", "session", "far");
    node.remote.ask("far", 10, user -> heard.add("ended " + user));

    assertThat(heard).containsExactly("ended null");
  }

  @Test
  void goesOnWithoutAnAnswerAfterAWhile() {
    node.remote.ask("nowhere", 10, user -> heard.add("nobody " + user));

    await().until(() -> heard.equals(List.of("nobody null")));
    assertThat(node.count("drumline.session.lookups", "outcome", "unknown")).isEqualTo(1);
  }

  @Test
  void refusesWhatWouldWaitBeyondTheBound() {
    assertThat(node.remote.ask("far", 16 << 20, user -> heard.add("too much"))).isFalse();

    assertThat(node.count("drumline.session.lookups", "outcome", "refused")).isEqualTo(1);
    assertThat(heard).isEmpty();
  }

  @Test
  void answersForItsOwnSessionsAndTellsTheirEnd() throws Exception {
    List<Notice> told = node.told("session-found", "session-ended");
    FakeNode.Client client = node.open().send("CONNECT\naccept-version:1.2\n\n\0");
    await().until(() -> client.heard().contains("CONNECTED\n"));
    String id = client.session.id();

    tell("session-asked", "session", id);
    await().until(() -> told.size() == 1);
    assertThat(told.get(0).fields()).containsEntry("session", id).containsEntry("user", id);

    node.onLoop(
        () -> {
          client.session.ended(1000);
          return id;
        });
    assertThat(told).extracting(Notice::kind).containsExactly("session-found", "session-ended");
  }

  @Test
  void errorOfOneMessageDoesNotKeepTheOthers() {
    node.remote.ask(
        "far",
        10,
        user -> {
          throw new StackOverflowError("injected");
        });
    node.remote.ask("far", 10, user -> heard.add("0 " + user));

    tell("session-found", "session", "far", "user", "ann");
    node.remote.ask("far", 10, user -> heard.add("1 " + user));

    assertThat(heard).containsExactly("0 ann", "1 ann");
  }

  @Test
  void goesOnWhereTheQuestionCannotBeTold() {
    ControlChannel failing =
        new ControlChannel() {
          @Override
          public CompletionStage<Void> tell(Notice notice) {
            throw new OutOfMemoryError("injected");
          }

          @Override
          public void listen(String kind, Listener listener) {}
        };
    RemoteSessions remote =
        new RemoteSessions(
            node.sessions, failing, new SimpleMeterRegistry(), Duration.ofMillis(100));
    remote.ask("far", 10, user -> heard.add("nobody " + user));

    await().until(() -> heard.equals(List.of("nobody null")));
  }

  private void tell(String kind, String... fields) {
    Map<String, String> named =
        fields.length == 2
            ? Map.of(fields[0], fields[1])
            : Map.of(fields[0], fields[1], fields[2], fields[3]);
    node.control.tell(new Notice(kind, named));
  }
}
