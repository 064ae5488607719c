package io.drumline.stomp.access;

import io.drumline.hub.Wheel;
import io.drumline.message.CloseCode;
import io.drumline.message.Destination;
import io.drumline.security.Credentials;
import io.drumline.security.DestinationPolicy.Action;
import io.drumline.security.Identity;
import io.drumline.security.Login.Accepted;
import io.drumline.security.Login.Refused;
import io.drumline.stomp.client.Client;
import io.drumline.stomp.client.SessionState;
import io.drumline.stomp.codec.ClientFrame;
import io.drumline.stomp.codec.Header;
import io.drumline.stomp.codec.Sentences;
import io.drumline.stomp.codec.StompException;
import java.nio.charset.StandardCharsets;
import java.security.Principal;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One session's client: who it is, what it may do, and until when. Used on the connection's event
 * loop.
 */
public final class Access {
  /** Where a client sends a fresh token before its old one ends. */
  public static final String TOKEN_DESTINATION = "/app/session/token";

  private final Client client;
  private final Guard guard;
  private final NewDestinations newDestinations;
  private final Admission admission;
  private final long longestToken;

  /** Fresh tokens in the order of their coming; the first of them is being checked. */
  private final ArrayDeque<Runnable> renewals = new ArrayDeque<>(0);

  private NewDestinations.@Nullable Uses uses;

  /** The ordered destination used last: most clients use the same for a while. */
  private @Nullable String lastUsed;

  /** When what the client has shown ends; null if it does not. */
  private @Nullable Instant expiresAt;

  /**
   * @param newDestinations bounds what clients invent
   * @param longestToken bytes that CONNECT can bring, so that each token can be renewed
   */
  public Access(Client client, Guard guard, NewDestinations newDestinations, long longestToken) {
    this.client = client;
    this.guard = guard;
    this.newDestinations = newDestinations;
    this.admission = new Admission(client, guard);
    this.longestToken = longestToken;
  }

  /** Finds out who the client is, and goes on; or the session fails. */
  public void authenticate(ClientFrame connect, @Nullable String clientId, Runnable then) {
    Credentials shown =
        new Credentials(
            credential(connect, "Authorization"),
            credential(connect, "login"),
            credential(connect, "passcode"));
    check(
        shown,
        identity -> {
          if (!identity.anonymous()) {
            client.user(identity);
          }
          admission.enter(identity);
          until(identity.expiresAt());
          client.to(SessionState.CHECKING);
          admission.check(identity, clientId, then);
        });
  }

  /**
   * STOMP's header names are case-sensitive, but HTTP's are not, and whoever shows something under
   * another spelling must not be served as anonymous.
   */
  private static @Nullable String credential(ClientFrame connect, String name) {
    String exact = connect.header(name);
    return exact != null
        ? exact
        : connect.headers().stream()
            .filter(header -> header.name().equalsIgnoreCase(name))
            .map(Header::value)
            .findFirst()
            .orElse(null);
  }

  /** The application has accepted the CONNECT, perhaps as another user's: goes on, or fails. */
  public void accepted(@Nullable String clientId, Runnable then) {
    Principal user = client.user();
    Identity named =
        user == null || user instanceof Identity
            ? client.identity()
            : Identity.named(user.getName());
    admission.checkMore(named, clientId, then);
  }

  /** The socket has ended. */
  public void end() {
    admission.end();
  }

  /** Whether a SEND there brings a fresh token; else it is the application's. */
  public boolean renews(String destination) {
    return destination.equals(TOKEN_DESTINATION) && guard.authenticator().takesTokens();
  }

  /**
   * Takes a fresh token of the same user in place of the old one. One after the other: the last
   * that came is the one that counts, and one client cannot fill the queue of those that are
   * checked.
   *
   * @throws StompException if it is too long
   */
  public void renew(ClientFrame send, Runnable then) {
    if (send.body().length > longestToken) {
      throw new StompException(
          "A token may have at most " + longestToken + " bytes (drumline.stomp.max-header-size).",
          send.header("receipt"),
          CloseCode.UNAUTHORIZED);
    }
    renewals.add(() -> takeToken(send, then));
    if (renewals.size() == 1) {
      renewals.element().run();
    }
  }

  private void takeToken(ClientFrame send, Runnable then) {
    String token = new String(send.body(), StandardCharsets.UTF_8).strip();
    check(
        new Credentials("Bearer " + token, null, null),
        identity -> {
          if (!identity.name().equals(client.identity().name())) {
            throw new StompException(
                "The token is another user's.", send.header("receipt"), CloseCode.UNAUTHORIZED);
          }
          admission.renew(
              identity,
              () -> {
                client.user(identity);
                until(identity.expiresAt());
                then.run();
                renewals.remove();
                Runnable next = renewals.peek();
                if (next != null) {
                  next.run();
                }
              });
        });
  }

  private void check(Credentials shown, Consumer<Identity> accepted) {
    client.whenAnswered(
        guard.authenticator().check(shown).toCompletableFuture(),
        login -> {
          if (login instanceof Refused refused) {
            throw refusal(refused);
          } else if (login instanceof Accepted yes) {
            accepted.accept(yes.identity());
          }
        });
  }

  private static StompException refusal(Refused refused) {
    return new StompException(
        refused.sentence(),
        null,
        refused.reason().mayRetry() ? CloseCode.TRY_AGAIN_LATER : CloseCode.UNAUTHORIZED);
  }

  /** Closes the socket at that time, unless it was put off by then. */
  private void until(@Nullable Instant end) {
    Instant former = expiresAt;
    expiresAt = end;
    if (end != null && (former == null || end.isBefore(former))) {
      client.connection().wheel().after(next(end), this::expire);
    }
  }

  private long expire() {
    Instant end = expiresAt;
    if (end == null || !client.connection().open()) {
      expiresAt = null;
      return 0;
    }
    long left = left(end);
    if (left <= 0) {
      client.fail(new StompException("Your token has expired.", null, CloseCode.TOKEN_EXPIRED));
    }
    return left <= 0 ? 0 : next(end);
  }

  private static long next(Instant end) {
    return Math.min(Math.max(1, left(end)), Wheel.LOOK_IN_MILLIS);
  }

  private static long left(Instant end) {
    return end.toEpochMilli() - System.currentTimeMillis();
  }

  /**
   * Refuses what the client may not do.
   *
   * @param destination in the cluster's spelling, or the application's
   * @throws StompException if it may not
   */
  public void require(Action action, String destination) {
    if (!guard.policy().allows(client.identity(), action, destination)) {
      throw new StompException(
          action == Action.SEND
              ? "You may not send to " + Sentences.shorten(destination) + "."
              : "You may not subscribe to " + Sentences.shorten(destination) + ".",
          null,
          CloseCode.FORBIDDEN);
    }
  }

  /**
   * The client uses a destination with history, which may be one that it invents.
   *
   * @throws StompException if it is new and beyond a limit
   */
  public void use(Destination destination) {
    String used = destination.value();
    if (destination.ordered() && !used.equals(lastUsed)) {
      Identity identity = client.identity();
      if (uses == null) {
        uses = new NewDestinations.Uses();
      }
      newDestinations.use(uses, identity.anonymous() ? null : identity.name(), used);
      lastUsed = used;
    }
  }
}
