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
 * The identity and permissions of one session's client, and their expiry. Used on the connection's
 * event loop.
 */
public final class Access {
  /** The destination to which a client sends a new token before its old one expires. */
  public static final String TOKEN_DESTINATION = "/app/session/token";

  private final Client client;
  private final Guard guard;
  private final NewDestinations newDestinations;
  private final Admission admission;
  private final long longestToken;

  /** Pending token renewals in order of arrival; the first is being checked. Null before any. */
  private @Nullable ArrayDeque<Runnable> renewals;

  private NewDestinations.@Nullable Uses uses;

  /** The ordered destination used last, since most clients use one for a while. */
  private @Nullable String lastUsed;

  /** When the client's token expires; null if it does not. */
  private @Nullable Instant expiresAt;

  /**
   * @param newDestinations limits the new destinations that clients use
   * @param longestToken in bytes: the most that CONNECT can carry, so that each token can be
   *     renewed
   */
  public Access(Client client, Guard guard, NewDestinations newDestinations, long longestToken) {
    this.client = client;
    this.guard = guard;
    this.newDestinations = newDestinations;
    this.admission = new Admission(client, guard);
    this.longestToken = longestToken;
  }

  /** Authenticates the client and continues; else the session fails. */
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
   * Header names are matched in any case, unlike in STOMP but as in HTTP: else a client that sends
   * credentials under another spelling would be treated as anonymous.
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

  /**
   * Continues after the application accepted the CONNECT, perhaps as another user; else the session
   * fails.
   */
  public void accepted(@Nullable String clientId, Runnable then) {
    Principal user = client.user();
    Identity named =
        user == null || user instanceof Identity
            ? client.identity()
            : Identity.named(user.getName());
    admission.checkMore(named, clientId, then);
  }

  /** Releases the client's place: the connection has ended. */
  public void end() {
    admission.end();
  }

  /** Whether a SEND to this destination carries a new token; else it is the application's. */
  public boolean renews(String destination) {
    return destination.equals(TOKEN_DESTINATION) && guard.authenticator().takesTokens();
  }

  /**
   * Replaces the token by a new one of the same user. Renewals run in order, so the last to arrive
   * is in effect, and one client cannot fill the queue of token checks.
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
    ArrayDeque<Runnable> waiting = renewals == null ? new ArrayDeque<>() : renewals;
    renewals = waiting;
    waiting.add(() -> takeToken(send, then, waiting));
    if (waiting.size() == 1) {
      waiting.element().run();
    }
  }

  private void takeToken(ClientFrame send, Runnable then, ArrayDeque<Runnable> waiting) {
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
                waiting.remove();
                Runnable next = waiting.peek();
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

  /** Closes the connection at that time, unless the token was renewed by then. */
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
   * Checks that the client may do this.
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
   * Counts the use of a destination with history, which may be new.
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
