package io.drumline.security;

import io.drumline.security.Login.Accepted;
import io.drumline.security.Login.Reason;
import io.drumline.security.Login.Refused;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.Locale;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Finds out who a client is. Any thread may ask, event loops too: tokens and passwords are checked
 * on threads of their own, apart from each other, so that slow passwords hold up no tokens.
 */
public final class Authenticator implements AutoCloseable {
  private static final String BEARER = "Bearer ";

  /** Each at most a header long: 8 KB. */
  private static final int WAITING_TOKENS = 4096;

  /** More would wait longer than a client does. */
  private static final int WAITING_PASSWORDS = 64;

  private final @Nullable Tokens tokens;
  private final @Nullable Passwords passwords;
  private final Anonymous anonymous;
  private final MeterRegistry registry;
  private final ThreadPoolExecutor tokenThreads;
  private final ThreadPoolExecutor passwordThreads;

  /** Whether clients may show nothing. */
  public enum Anonymous {
    ALLOWED,
    REFUSED
  }

  /**
   * @throws WrongSettingException with the name of the property that is wrong
   */
  public Authenticator(SecurityProperties properties, Anonymous anonymous, MeterRegistry registry) {
    tokens = properties.jwt() == null ? null : new Tokens(properties.jwt());
    passwords = properties.users().isEmpty() ? null : new Passwords(properties.users());
    if (anonymous == Anonymous.REFUSED && !properties.authentication()) {
      throw new WrongSettingException(
          "Nobody could connect: set drumline.security.jwt or drumline.security.users,"
              + " or drumline.security.anonymous=true.");
    }
    this.anonymous = anonymous;
    this.registry = registry;
    int cores = Runtime.getRuntime().availableProcessors();
    tokenThreads = threads("drumline-token", cores, WAITING_TOKENS);
    passwordThreads = threads("drumline-password", Math.max(1, cores / 2), WAITING_PASSWORDS);
    counter("accepted");
    for (Reason reason : Reason.values()) {
      counter(tag(reason)); // shows all of them from the start
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
   * Checks what a client shows. Who shows something is never taken for anonymous where it can be
   * checked; where nothing can, it is ignored, as clients send a {@code guest} by default.
   *
   * @return completes on the caller's thread or on one of the authenticator's own; never fails
   */
  public CompletionStage<Login> check(Credentials shown) {
    return decide(shown)
        .exceptionally(
            failed -> new Refused(Reason.BUSY, "Logins cannot be checked now: try again later."))
        .thenApply(this::counted);
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
              : refused(Reason.NO_CREDENTIALS, "This server needs a token or a login."));
    }
    String authorization = shown.authorization();
    if (authorization != null) {
      return bearer(authorization);
    }
    String login = shown.login() == null ? "" : shown.login();
    String passcode = shown.passcode() == null ? "" : shown.passcode();
    boolean token = passwords == null || (!passwords.knows(login) && looksLikeToken(passcode));
    if (tokens != null && token) {
      return token(tokens, passcode);
    }
    if (passwords == null) {
      return done(refused(Reason.BAD_PASSWORD, "The login or the passcode is wrong."));
    }
    Passwords checked = passwords;
    return on(passwordThreads, () -> checked.check(login, passcode));
  }

  private CompletionStage<Login> bearer(String authorization) {
    if (!authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
      return done(refused(Reason.BAD_TOKEN, "Authorization must be Bearer and a token."));
    }
    return tokens == null
        ? done(refused(Reason.BAD_TOKEN, "This server takes no tokens: use login and passcode."))
        : token(tokens, authorization.substring(BEARER.length()).strip());
  }

  private CompletionStage<Login> token(Tokens checked, String token) {
    return on(tokenThreads, () -> checked.check(token));
  }

  private static CompletionStage<Login> on(Executor threads, Supplier<Login> check) {
    try {
      return CompletableFuture.supplyAsync(check, threads);
    } catch (RejectedExecutionException full) {
      return CompletableFuture.failedFuture(full);
    }
  }

  /** Every token begins so: with the base64 of an opening brace and a quote. */
  private static boolean looksLikeToken(String passcode) {
    return passcode.startsWith("eyJ") && passcode.chars().filter(c -> c == '.').count() == 2;
  }

  private static Login refused(Reason reason, String sentence) {
    return new Refused(reason, sentence);
  }

  private static CompletionStage<Login> done(Login login) {
    return CompletableFuture.completedFuture(login);
  }

  private Login counted(Login login) {
    counter(login instanceof Refused refused ? tag(refused.reason()) : "accepted").increment();
    return login;
  }

  private static String tag(Reason reason) {
    return reason.name().toLowerCase(Locale.ROOT);
  }

  private Counter counter(String outcome) {
    return Counter.builder("drumline.logins")
        .description("Checks of who a client is, by how they ended.")
        .tag("outcome", outcome)
        .register(registry);
  }

  /** Ends the threads; what is being checked is refused. */
  @Override
  public void close() {
    tokenThreads.shutdownNow();
    passwordThreads.shutdownNow();
  }
}
