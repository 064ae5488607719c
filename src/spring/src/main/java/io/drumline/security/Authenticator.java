package io.drumline.security;

import io.drumline.security.Login.Accepted;
import io.drumline.security.Login.Reason;
import io.drumline.security.Login.Refused;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Authenticates clients. May be called from any thread, including event loops: tokens and passwords
 * are checked on separate threads, so that slow passwords do not delay tokens.
 */
public final class Authenticator implements AutoCloseable {
  private static final String BEARER = "Bearer ";

  /** Each token has at most the size of a header: 8 KB by default. */
  private static final int WAITING_TOKENS = 4096;

  /** Clients would time out behind a longer queue. */
  private static final int WAITING_PASSWORDS = 64;

  private static final Logger log = LoggerFactory.getLogger(Authenticator.class);

  /** How an accepted client authenticated: tags of the metric. */
  private static final String ANONYMOUS = "anonymous";

  private static final String TOKEN = "token";
  private static final String PASSWORD = "password";

  private final Refusals refusals;
  private final @Nullable Tokens tokens;
  private final @Nullable Passwords passwords;
  private final Anonymous anonymous;
  private final MeterRegistry registry;
  private final ThreadPoolExecutor tokenThreads;
  private final ThreadPoolExecutor passwordThreads;

  /** Whether clients may connect without credentials. */
  public enum Anonymous {
    ALLOWED,
    REFUSED
  }

  /**
   * @throws WrongSettingException with the name of the wrong property
   */
  public Authenticator(SecurityProperties properties, Anonymous anonymous, MeterRegistry registry) {
    this(properties, anonymous, registry, System::nanoTime);
  }

  /**
   * @param clock {@link System#nanoTime}
   */
  Authenticator(
      SecurityProperties properties,
      Anonymous anonymous,
      MeterRegistry registry,
      LongSupplier clock) {
    this.registry = registry;
    refusals = new Refusals(clock);
    int cores = Runtime.getRuntime().availableProcessors();
    tokenThreads = threads("drumline-token", cores, WAITING_TOKENS);
    passwordThreads = threads("drumline-password", Math.max(1, cores / 2), WAITING_PASSWORDS);
    tokens =
        properties.jwt() == null
            ? null
            : new Tokens(properties.jwt(), refusals, tokenThreads, clock, registry);
    passwords = properties.users().isEmpty() ? null : new Passwords(properties.users());
    if (anonymous == Anonymous.REFUSED && !properties.authentication()) {
      throw new WrongSettingException(
          "Nobody could connect: set drumline.security.jwt or drumline.security.users,"
              + " or drumline.security.anonymous=true.");
    }
    this.anonymous = anonymous;
    for (String kind : List.of(ANONYMOUS, TOKEN, PASSWORD)) {
      counter("accepted", kind); // exports all of them from the start
    }
    for (Reason reason : Reason.values()) {
      counter(outcome(reason), reason.text());
    }
  }

  private static ThreadPoolExecutor threads(String name, int most, int waiting) {
    ThreadPoolExecutor threads =
        new ThreadPoolExecutor(
            most,
            most,
            10,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(waiting),
            new DefaultThreadFactory(name, true));
    threads.allowCoreThreadTimeOut(true);
    return threads;
  }

  /**
   * Checks a client's credentials. If tokens or passwords are configured, a client that sends
   * credentials is never treated as anonymous. If neither is, credentials are ignored, since
   * clients send {@code guest} by default.
   *
   * @return completes on the caller's thread or on one of the authenticator's own; never fails
   */
  public CompletionStage<Login> check(Credentials shown) {
    return decide(shown).exceptionally(this::failed).thenApply(this::counted);
  }

  /** Starts to fetch the issuer's keys, so that a failure is logged at the start. */
  void prefetch() {
    if (tokens != null) {
      tokens.prefetch();
    }
  }

  /** Whether tokens can be checked. */
  public boolean takesTokens() {
    return tokens != null;
  }

  private CompletionStage<Login> decide(Credentials shown) {
    boolean checks = tokens != null || passwords != null;
    if (!shown.present() || !checks) {
      return done(
          anonymous == Anonymous.ALLOWED
              ? new Accepted(Identity.ANONYMOUS)
              : refused(
                  Reason.NO_CREDENTIALS,
                  "its CONNECT has neither Authorization nor login and passcode",
                  "This server needs a token or a login; send " + wanted() + " in CONNECT."));
    }
    String authorization = shown.authorization();
    if (authorization != null) {
      return bearer(authorization);
    }
    String login = shown.login() == null ? "" : shown.login();
    String passcode = shown.passcode() == null ? "" : shown.passcode();
    boolean known = passwords != null && passwords.knows(login);
    if (tokens != null && !known && looksLikeToken(passcode)) {
      return token(tokens, passcode);
    }
    if (passwords == null) {
      return done(
          refused(
              Reason.WRONG_CREDENTIALS,
              "it sent login " + LogText.quoted(shown.login()) + " and a passcode that is no token",
              "This server takes tokens, not passwords; send " + wanted() + " in CONNECT."));
    }
    Passwords checked = passwords;
    return on(passwordThreads, () -> done(password(checked, login, passcode)));
  }

  private String wanted() {
    String bearer = "a Bearer token in the header Authorization";
    return tokens == null
        ? "login and passcode"
        : passwords == null ? bearer : bearer + ", or login and passcode,";
  }

  private CompletionStage<Login> bearer(String authorization) {
    if (!authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
      return done(
          refused(
              Reason.WRONG_SCHEME,
              "its Authorization header does not begin with Bearer and a space",
              "Authorization must be Bearer and a token."));
    }
    return tokens == null
        ? done(
            refused(
                Reason.WRONG_CREDENTIALS,
                "it sent a token, but drumline.security.jwt is not set",
                "This server takes no tokens; use login and passcode."))
        : token(tokens, authorization.substring(BEARER.length()).strip());
  }

  private CompletionStage<Login> token(Tokens checked, String token) {
    return on(tokenThreads, () -> checked.check(token));
  }

  private Login password(Passwords checked, String login, String passcode) {
    return checked
        .check(login, passcode)
        .<Login>map(Accepted::new)
        .orElseGet(
            () ->
                refused(
                    Reason.BAD_PASSWORD,
                    checked.knows(login)
                        ? "the passcode of login " + LogText.quoted(login) + " is wrong"
                        : "there is no login "
                            + LogText.quoted(login)
                            + " in drumline.security.users",
                    "The login or the passcode is wrong."));
  }

  private Login failed(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    if (cause instanceof RejectedExecutionException) {
      return refused(
          Reason.BUSY,
          "as many logins are being checked as may wait (%d with tokens, %d with passwords)"
              .formatted(WAITING_TOKENS, WAITING_PASSWORDS),
          "Logins cannot be checked now; try again later.");
    }
    log.error("A login could not be checked; this is a bug", cause);
    return refused(
        Reason.ERROR,
        "the check failed with " + cause,
        "Logins cannot be checked now; try again later.");
  }

  private static CompletionStage<Login> on(
      Executor threads, Supplier<CompletionStage<Login>> check) {
    try {
      return CompletableFuture.supplyAsync(check, threads).thenCompose(Function.identity());
    } catch (RejectedExecutionException full) {
      return CompletableFuture.failedFuture(full);
    }
  }

  /** Every token begins like this: the base64 form of an opening brace and a quote. */
  private static boolean looksLikeToken(String passcode) {
    return passcode.startsWith("eyJ") && passcode.chars().filter(c -> c == '.').count() == 2;
  }

  private Login refused(Reason reason, String detail, String sentence) {
    refusals.refused(reason, detail);
    return new Refused(reason, sentence);
  }

  private static CompletionStage<Login> done(Login login) {
    return CompletableFuture.completedFuture(login);
  }

  private Login counted(Login login) {
    if (login instanceof Refused refused) {
      counter(outcome(refused.reason()), refused.reason().text()).increment();
    } else if (login instanceof Accepted accepted) {
      counter("accepted", kind(accepted.identity())).increment();
    }
    return login;
  }

  private static String kind(Identity identity) {
    if (identity.anonymous()) {
      return ANONYMOUS;
    }
    return identity.expiresAt() == null ? PASSWORD : TOKEN;
  }

  private static String outcome(Reason reason) {
    return reason.mayRetry() ? "unavailable" : "refused";
  }

  private Counter counter(String outcome, String reason) {
    return Counter.builder("drumline.authentications")
        .description("Checks of who a client is, by how they ended and why.")
        .tag("outcome", outcome)
        .tag("reason", reason)
        .register(registry);
  }

  /** Stops the threads; pending checks are rejected. */
  @Override
  public void close() {
    if (tokens != null) {
      tokens.close();
    }
    tokenThreads.shutdownNow();
    passwordThreads.shutdownNow();
  }
}
