package io.drumline.security;

import com.nimbusds.jose.JWSHeader;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.ConnectException;
import java.security.PublicKey;
import java.text.ParseException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keys published by an issuer, fetched again when they are old, or when a token names an
 * unknown key. Any thread; no thread blocks while waiting for the issuer, except the fetching one.
 *
 * <p>An unknown key is only reported after a fetch that began after the token arrived: an earlier
 * key set may lack a new key.
 */
final class IssuerKeys implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(IssuerKeys.class);

  /**
   * How long a set is used without a new fetch, and so how long a withdrawn key may still be
   * accepted.
   */
  static final Duration FRESH = Duration.ofMinutes(5);

  /** How long known keys are used while the issuer is unavailable. */
  static final Duration OUTAGE = Duration.ofHours(4);

  /** In this time, unknown keys cause at most two fetches: any client can name an unknown key. */
  static final Duration PACE = Duration.ofSeconds(30);

  /** From the start of a failed fetch to the next one. */
  static final Duration PAUSE = Duration.ofSeconds(5);

  /** For a whole fetch, including its retry. */
  private static final long DEADLINE_SECONDS = 6;

  /** The interval at which failing fetches are logged. */
  private static final long SAY_AGAIN = TimeUnit.MINUTES.toNanos(1);

  /** The source of the key set. */
  interface Source {
    /** Returns the whole text; blocks. */
    String read() throws IOException, InterruptedException;
  }

  /** The result of looking up a token's key. */
  sealed interface Answer {}

  /** The token may be signed with one of these keys. */
  record Found(List<PublicKey> keys) implements Answer {}

  /** The issuer does not publish the key. */
  record Unknown() implements Answer {}

  /** The keys could not be fetched; the reason is for the operator. */
  record Unavailable(String reason) implements Answer {}

  /**
   * A fetch.
   *
   * @param number its number in order, from 1
   * @param begun {@link System#nanoTime} at its start
   * @param done completes on any thread, and never fails
   */
  private record Fetch(long number, long begun, CompletableFuture<Void> done) {}

  private record Fetched(KeySet set, Fetch by) {}

  private record Failed(String reason, Fetch by) {}

  private final String name;
  private final Source source;
  private final Executor continuations;
  private final LongSupplier clock;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(new DefaultThreadFactory("drumline-jwks", true));
  private final Counter succeeded;
  private final Counter failures;

  // Guarded by this.
  private @Nullable Fetched fetched;
  private @Nullable Failed failed;
  private @Nullable Fetch running;
  private long fetches;
  private long lastBegun;
  private long lastButOneBegun;
  private long lastSaid;

  /** The unreadable keys that were logged. */
  private Set<String> said = Set.of();

  /**
   * @param name the source's name in the log
   * @param continuations runs lookups that waited for a fetch
   * @param clock {@link System#nanoTime}
   */
  IssuerKeys(
      String name,
      Source source,
      Executor continuations,
      LongSupplier clock,
      MeterRegistry registry) {
    this.name = name;
    this.source = source;
    this.continuations = continuations;
    this.clock = clock;
    long longAgo = clock.getAsLong() - PACE.toNanos();
    lastBegun = longAgo;
    lastButOneBegun = longAgo;
    lastSaid = longAgo - SAY_AGAIN;
    succeeded = fetches(registry, "success");
    failures = fetches(registry, "failure");
  }

  private static Counter fetches(MeterRegistry registry, String outcome) {
    return Counter.builder("drumline.jwks.fetches")
        .description("Fetches of the issuer's keys, by how they ended")
        .tag("outcome", outcome)
        .register(registry);
  }

  /** Starts a fetch before a token needs it. */
  void prefetch() {
    begin(clock.getAsLong());
  }

  /**
   * Finds a token's key.
   *
   * @return completes at once if it is known, else on {@code continuations} or the caller's thread;
   *     fails only if {@code continuations} rejects the task
   */
  CompletionStage<Answer> find(JWSHeader header) {
    synchronized (this) {
      return find(header, fetches);
    }
  }

  /**
   * @param before the number of fetches started before the token arrived
   */
  private CompletionStage<Answer> find(JWSHeader header, long before) {
    Fetch awaited;
    synchronized (this) {
      long now = clock.getAsLong();
      Fetched last = fetched;
      boolean usable = last != null && now - last.by().begun() < OUTAGE.toNanos();
      List<PublicKey> keys = usable && last != null ? last.set().matching(header) : List.of();
      boolean fresh = last != null && now - last.by().begun() < FRESH.toNanos();
      if (!keys.isEmpty() && (fresh || failed != null)) {
        if (!fresh) {
          begin(now); // for later tokens
        }
        return done(new Found(keys));
      }
      if (keys.isEmpty() && last != null && last.by().number() > before) {
        return done(new Unknown());
      }
      if (failed != null && failed.by().number() > before) {
        return done(new Unavailable(failed.reason()));
      }
      awaited = running != null ? running : begin(now);
      if (awaited == null) {
        return done(
            keys.isEmpty()
                ? new Unavailable(
                    failed != null ? failed.reason() : "the issuer was asked a moment ago")
                : new Found(keys));
      }
    }
    return awaited.done().thenComposeAsync(ended -> find(header, before), continuations);
  }

  private static CompletionStage<Answer> done(Answer answer) {
    return CompletableFuture.completedFuture(answer);
  }

  /** Starts a fetch, or returns the running one; null if it is too early. */
  private synchronized @Nullable Fetch begin(long now) {
    if (running != null) {
      return running;
    }
    boolean early =
        failed != null ? now - lastBegun < PAUSE.toNanos() : now - lastButOneBegun < PACE.toNanos();
    if (early) {
      return null;
    }
    lastButOneBegun = lastBegun;
    lastBegun = now;
    fetches++;
    Fetch fetch = new Fetch(fetches, now, new CompletableFuture<>());
    running = fetch;
    CompletableFuture<KeySet> answer = new CompletableFuture<>();
    Future<?> reading = thread.submit(() -> read(answer));
    var unused =
        answer
            .orTimeout(DEADLINE_SECONDS, TimeUnit.SECONDS)
            .whenComplete(
                (set, failure) -> {
                  reading.cancel(true); // a late answer is ignored
                  if (set != null) {
                    succeeded(fetch, set);
                  } else {
                    failed(fetch, reason(failure));
                  }
                  fetch.done().complete(null);
                });
    return fetch;
  }

  private void read(CompletableFuture<KeySet> answer) {
    try {
      answer.complete(KeySet.parse(readTwice()));
    } catch (InterruptedException | IOException | ParseException e) {
      answer.completeExceptionally(e);
    } catch (RuntimeException | Error e) {
      log.error("Reading the keys of {} failed; this is a bug", name, e);
      answer.completeExceptionally(e);
    }
  }

  /** Reads with one immediate retry, since an idle connection may have been closed. */
  private String readTwice() throws IOException, InterruptedException {
    try {
      return source.read();
    } catch (IOException e) {
      log.debug("Fetching {} failed: {}; once more", name, reason(e));
      return source.read();
    }
  }

  private static String reason(Throwable failure) {
    if (failure instanceof TimeoutException) {
      return "no whole answer within " + DEADLINE_SECONDS + " s";
    } else if (failure instanceof ConnectException) {
      return "no connection";
    }
    String message = failure.getMessage();
    return message == null ? failure.getClass().getSimpleName() : message;
  }

  private void succeeded(Fetch fetch, KeySet set) {
    succeeded.increment();
    Set<String> unreadable = new HashSet<>();
    Set<String> before;
    boolean recovered;
    synchronized (this) {
      recovered = failed != null;
      failed = null;
      fetched = new Fetched(set, fetch);
      running = null;
      before = said;
      set.unreadable().forEach(key -> unreadable.add(key.toString()));
      said = Set.copyOf(unreadable);
    }
    if (recovered) {
      log.info("The keys of {} can be fetched again: {} keys", name, set.keys().size());
    }
    for (KeySet.Unreadable key : set.unreadable()) {
      if (!before.contains(key.toString())) {
        log.warn(
            "The key with kid {} of {} cannot be used: {}; tokens signed with it are refused, the"
                + " other {} keys are used",
            LogText.quoted(key.id()),
            name,
            LogText.quoted(key.reason()),
            set.keys().size());
      }
    }
  }

  private void failed(Fetch fetch, String reason) {
    failures.increment();
    boolean say;
    long age;
    synchronized (this) {
      long now = clock.getAsLong();
      say = failed == null || now - lastSaid >= SAY_AGAIN;
      lastSaid = say ? now : lastSaid;
      failed = new Failed(reason, fetch);
      running = null;
      age = fetched == null ? -1 : TimeUnit.NANOSECONDS.toMinutes(now - fetched.by().begun());
    }
    if (say) {
      log.warn(
          "The keys of {} cannot be fetched: {}. {}; clients whose tokens cannot be checked are"
              + " told to come back later (1013). Trying again when a client needs it",
          name,
          LogText.quoted(reason),
          age < 0
              ? "None were fetched before"
              : "Those fetched %d minutes ago are used until they are %d hours old"
                  .formatted(age, OUTAGE.toHours()));
    }
  }

  /** Stops a running fetch. */
  @Override
  public void close() {
    thread.shutdownNow();
  }
}
