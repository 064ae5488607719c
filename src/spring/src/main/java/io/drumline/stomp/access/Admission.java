package io.drumline.stomp.access;

import io.drumline.backplane.Revocations.Kind;
import io.drumline.backplane.Revocations.Revocation;
import io.drumline.backplane.Revocations.Subject;
import io.drumline.message.CloseCode;
import io.drumline.security.Identity;
import io.drumline.security.Limit;
import io.drumline.stomp.client.Client;
import io.drumline.stomp.codec.StompException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Admits one client: its user must be within the connection limit, and neither the user nor the
 * token nor the client-id may be blocked. Used on the connection's event loop.
 */
final class Admission {
  private final Client client;
  private final Guard guard;

  /** The subjects under which the client is indexed, without repeats; few, often none. */
  private List<Subject> subjects = List.of();

  Admission(Client client, Guard guard) {
    this.client = client;
    this.guard = guard;
  }

  /**
   * Counts a connection of the user; those of anonymous clients are not counted.
   *
   * @throws StompException if the user has too many
   */
  void enter(Identity identity) {
    if (identity.anonymous()) {
      return;
    }
    Subject user = new Subject(Kind.USER, identity.name());
    if (!guard.clients().enter(user, client)) {
      throw StompException.exceeds(
          Limit.USER_CONNECTIONS,
          "You have %d connections already, as many as you may; close another one."
              .formatted(guard.clients().mostOfAUser()),
          null,
          CloseCode.TOO_MANY_CONNECTIONS);
    }
    remember(user);
  }

  /** Continues if the client is not blocked; else its session fails. */
  void check(Identity identity, @Nullable String clientId, Runnable then) {
    ask(subjects(identity, clientId), then);
  }

  /** As {@link #check}, for subjects added since, such as a user set by the application. */
  void checkMore(Identity identity, @Nullable String clientId, Runnable then) {
    Set<Subject> more = subjects(identity, clientId);
    subjects.forEach(more::remove);
    ask(more, then);
  }

  /** As {@link #check}, for a new token that replaces the old one. */
  void renew(Identity identity, Runnable then) {
    Set<Subject> fresh = subjects(identity, null);
    ask(
        fresh,
        () -> {
          List<Subject> former =
              subjects.stream()
                  .filter(each -> each.kind() == Kind.TOKEN && !fresh.contains(each))
                  .toList();
          former.forEach(this::forget);
          then.run();
        });
  }

  private void remember(Subject subject) {
    if (subjects.isEmpty()) {
      subjects = new ArrayList<>(2);
    }
    subjects.add(subject);
  }

  /** Removes the client from the index: the connection has ended. */
  void end() {
    List.copyOf(subjects).forEach(this::forget);
  }

  private static Set<Subject> subjects(Identity identity, @Nullable String clientId) {
    Set<Subject> all = new LinkedHashSet<>(4);
    if (!identity.anonymous()) {
      all.add(new Subject(Kind.USER, identity.name()));
    }
    if (identity.tokenId() != null) {
      all.add(new Subject(Kind.TOKEN, identity.tokenId()));
    }
    if (clientId != null) {
      all.add(new Subject(Kind.SESSION, clientId));
    }
    return all;
  }

  /**
   * Asks the backplane, so that a block is effective as soon as it is stored. The client is added
   * to the index first: if it is blocked after the question, the notice finds it.
   */
  private void ask(Set<Subject> asked, Runnable then) {
    if (asked.isEmpty()) {
      then.run(); // anonymous, without a client-id
      return;
    }
    for (Subject subject : asked) {
      if (!subjects.contains(subject)) {
        remember(subject);
        guard.clients().add(subject, client);
      }
    }
    CompletableFuture<Optional<StompException>> answer =
        guard
            .revocations()
            .check(List.copyOf(asked))
            .handle(Admission::refusal)
            .toCompletableFuture();
    client.whenAnswered(
        answer,
        refusal -> {
          if (refusal.isPresent()) {
            throw refusal.get();
          }
          then.run();
        });
  }

  @SuppressWarnings("NullableOptional") // as in the signature of CompletionStage.handle
  private static Optional<StompException> refusal(
      @Nullable Optional<Revocation> block, @Nullable Throwable failure) {
    return block == null
        ? Optional.of(
            Refusals.unavailable(
                failure == null ? new IllegalStateException() : failure,
                "The connection cannot be checked now; try again."))
        : block.map(Refusals::blocked);
  }

  private void forget(Subject subject) {
    subjects.remove(subject);
    guard.clients().remove(subject, client);
  }
}
