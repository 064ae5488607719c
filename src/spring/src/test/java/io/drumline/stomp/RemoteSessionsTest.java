package io.drumline.stomp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.drumline.backplane.ControlChannel;
import io.drumline.backplane.Notice;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Whose a session is that another node holds; the other node is the test. */
class RemoteSessionsTest {
  private final List<String> heard = new CopyOnWriteArrayList<>();

  /** What is to run when an answer has taken too long. */
  private final List<Runnable> later = new ArrayList<>();

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
    String id = client.session.client().id();

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
        channel(
            notice -> {
              throw new OutOfMemoryError("injected");
            });
    RemoteSessions remote =
        new RemoteSessions(node.sessions, failing, new SimpleMeterRegistry(), later::add);
    remote.ask("far", 10, user -> heard.add("nobody " + user));
    letTimePass();

    assertThat(heard).containsExactly("nobody null");
  }

  @Test
  void questionThatCannotBeLookedAfterKeepsNobodyWaiting() {
    List<RemoteSessions> far = new ArrayList<>();
    List<Runnable> meanwhile = new ArrayList<>();
    meanwhile.add(() -> far.get(0).ask("far", 10, user -> heard.add("meanwhile " + user)));
    far.add(
        remote(
            task -> {
              meanwhile.forEach(Runnable::run);
              throw new OutOfMemoryError("injected");
            }));

    assertThatThrownBy(() -> far.get(0).ask("far", 10, user -> heard.add("refused " + user)))
        .isInstanceOf(OutOfMemoryError.class);
    assertThat(heard).containsExactly("meanwhile null");
    meanwhile.clear();
    assertThatThrownBy(() -> far.get(0).ask("far", 10, user -> heard.add("again " + user)))
        .isInstanceOf(OutOfMemoryError.class);
  }

  @Test
  void goesOnWhereItCannotBeAskedASecondTime() {
    RemoteSessions remote =
        remote(
            task -> {
              if (!later.isEmpty()) {
                throw new OutOfMemoryError("injected");
              }
              later.add(task);
            });
    remote.ask("far", 10, user -> heard.add("nobody " + user));
    later.get(0).run();

    assertThat(heard).containsExactly("nobody null");
  }

  @Test
  void goesOnWhereTheAnswerCannotBeTold() {
    Logger logger = (Logger) LoggerFactory.getLogger(RemoteSessions.class);
    AppenderBase<ILoggingEvent> failing =
        new AppenderBase<>() {
          @Override
          public synchronized void doAppend(ILoggingEvent event) {
            throw new OutOfMemoryError("injected");
          }

          @Override
          protected void append(ILoggingEvent event) {}
        };
    logger.addAppender(failing);
    try {
      RemoteSessions remote = remote(later::add);
      remote.ask(
          "far",
          10,
          user -> {
            throw new StackOverflowError("injected");
          });
      remote.ask("far", 10, user -> heard.add("nobody " + user));
      letTimePass();
      assertThat(heard).containsExactly("nobody null");
    } finally {
      logger.detachAppender(failing);
    }
  }

  private RemoteSessions remote(Executor later) {
    return new RemoteSessions(
        node.sessions,
        channel(notice -> CompletableFuture.completedFuture(null)),
        new SimpleMeterRegistry(),
        later);
  }

  private static ControlChannel channel(Function<Notice, CompletionStage<Void>> tell) {
    return new ControlChannel() {
      @Override
      public CompletionStage<Void> tell(Notice notice) {
        return tell.apply(notice);
      }

      @Override
      public void listen(String kind, Listener listener) {}
    };
  }

  private void letTimePass() {
    for (int i = 0; i < later.size(); i++) {
      later.get(i).run();
    }
  }

  private void tell(String kind, String... fields) {
    Map<String, String> named =
        fields.length == 2
            ? Map.of(fields[0], fields[1])
            : Map.of(fields[0], fields[1], fields[2], fields[3]);
    node.control.tell(new Notice(kind, named));
  }
}
