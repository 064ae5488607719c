package io.drumline.backplane;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import io.drumline.backplane.Revocations.Kind;
import io.drumline.backplane.Revocations.Revocation;
import io.drumline.backplane.Revocations.Subject;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** What everything that keeps blocks does, whatever it is made of. */
public abstract class RevocationsContract {
  protected static final Duration LONG = Duration.ofHours(1);

  /** The cluster's other tests use the same: names of our own. */
  protected final String name = UUID.randomUUID().toString();

  protected final Subject user = new Subject(Kind.USER, name);
  protected final Subject session = new Subject(Kind.SESSION, name);
  protected final Subject token = new Subject(Kind.TOKEN, name);

  /** The blocks as one node has them. */
  protected abstract Revocations first();

  /** The same of another node of the cluster; the same node's where there is but one. */
  protected abstract Revocations second();

  protected static <T> T join(CompletionStage<T> stage) {
    try {
      return stage.toCompletableFuture().get(10, SECONDS);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  protected final Optional<Subject> blocked(Subject... subjects) {
    return join(second().check(List.of(subjects))).map(Revocation::subject);
  }

  protected final List<Revocation> listed() {
    return join(second().list()).stream()
        .filter(each -> each.subject().name().startsWith(name))
        .toList();
  }

  @Test
  void nobodyIsBlockedAtFirst() {
    assertThat(blocked(user, session, token)).isEmpty();
    assertThat(blocked()).isEmpty();
    assertThat(listed()).isEmpty();
  }

  @Test
  void whoIsBlockedIsBlockedEverywhere() {
    Revocation block = join(first().block(user, LONG, "Spam: 100 % «bad»"));

    assertThat(block.subject()).isEqualTo(user);
    assertThat(block.until()).isCloseTo(Instant.now().plus(LONG), within(1, ChronoUnit.MINUTES));
    assertThat(join(second().check(List.of(token, user)))).contains(block);
    assertThat(listed()).containsExactly(block);
  }

  @Test
  void kindsAreApart() {
    join(first().block(user, LONG, ""));
    assertThat(blocked(session, token)).isEmpty();
    join(first().block(token, LONG, ""));
    assertThat(blocked(session)).isEmpty();
    assertThat(blocked(session, token, user)).contains(token);
  }

  @Test
  void namesMayHaveAnyCharacter() {
    Subject strange = new Subject(Kind.USER, name + ":ä/ %2F*?[x] @\"'");
    Revocation block = join(first().block(strange, LONG, " two  words "));
    assertThat(blocked(strange)).contains(strange);
    assertThat(listed()).containsExactly(block);
    assertThat(blocked(user)).isEmpty();
  }

  @Test
  void aBlockEndsAtItsTime() {
    join(first().block(user, Duration.ofMillis(300), ""));
    join(first().block(token, LONG, ""));

    await().until(() -> blocked(user).isEmpty());

    assertThat(listed()).extracting(Revocation::subject).containsExactly(token);
    assertThat(join(first().lift(user))).isFalse();
  }

  @Test
  void theLastWordCounts() {
    join(first().block(user, LONG, "first"));
    Revocation shorter = join(second().block(user, Duration.ofMinutes(1), "second"));
    assertThat(listed()).containsExactly(shorter);

    join(first().block(user, Duration.ofMillis(1), ""));
    await().until(() -> blocked(user).isEmpty());
  }

  @Test
  void aBlockCanBeLifted() {
    join(first().block(user, LONG, ""));
    join(first().block(session, LONG, ""));

    assertThat(join(second().lift(user))).isTrue();

    assertThat(blocked(user)).isEmpty();
    assertThat(blocked(session)).contains(session);
    assertThat(join(first().lift(user))).isFalse();
    assertThat(listed()).extracting(Revocation::subject).containsExactly(session);
  }

  @Test
  void listsManyEachOnce() {
    List<CompletionStage<Revocation>> blocks = new ArrayList<>();
    for (int i = 0; i < 3000; i++) {
      blocks.add(first().block(new Subject(Kind.TOKEN, name + i), LONG, "r" + i));
    }
    List<Revocation> all = blocks.stream().map(RevocationsContract::join).toList();
    assertThat(listed()).containsExactlyInAnyOrderElementsOf(all);
    all.forEach(each -> join(first().lift(each.subject())));
  }
}
