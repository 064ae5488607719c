package io.drumline.continuity;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * What a campaign makes fail: each armed injection fails one passing of its step. All nodes of the
 * campaign share it. Any thread.
 */
final class Injections {
  /** What is thrown. */
  enum Kind {
    EXCEPTION,
    ERROR
  }

  /** When a step fails. */
  enum When {
    /** It does nothing but throw. */
    INSTEAD,
    /** It does its work, and then throws. */
    AFTER,
    /** It does its work, and what it promised to answer ends with a failure. */
    ANSWER
  }

  /** One failure of one step. */
  record Injection(String step, When when, Kind kind) {
    @Override
    public String toString() {
      return kind + " " + when + " " + step;
    }
  }

  /** As a bug would throw it. */
  static final class InjectedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    InjectedException(String message) {
      super(message);
    }
  }

  /** As a bug in linking or recursion would. */
  static final class InjectedError extends Error {
    private static final long serialVersionUID = 1L;

    InjectedError(String message) {
      super(message);
    }
  }

  private final Map<String, Injection> armed = new ConcurrentHashMap<>();
  private final Map<Injection, AtomicInteger> fired = new ConcurrentHashMap<>();

  /** Has the next passing of the step fail; replaces what was armed for it. */
  void arm(Injection injection) {
    armed.put(injection.step(), injection);
  }

  void disarm(Injection injection) {
    armed.remove(injection.step(), injection);
  }

  /** The steps that wait to fail. */
  Set<String> armed() {
    return Set.copyOf(armed.keySet());
  }

  /** How often the step has failed, in whatever way. */
  int fired(String step) {
    return fired.entrySet().stream()
        .filter(entry -> entry.getKey().step().equals(step))
        .mapToInt(entry -> entry.getValue().get())
        .sum();
  }

  int total() {
    return fired.values().stream().mapToInt(AtomicInteger::get).sum();
  }

  /** Runs a step. */
  void run(String step, Runnable work) {
    fail(step, When.INSTEAD);
    work.run();
    fail(step, When.AFTER);
  }

  /** Runs a step that gives something. */
  @Nullable Object call(String step, Callable<?> work) throws Exception {
    fail(step, When.INSTEAD);
    Object result = work.call();
    fail(step, When.AFTER);
    return result instanceof CompletionStage<?> stage ? answer(step, stage) : result;
  }

  private CompletionStage<?> answer(String step, CompletionStage<?> stage) {
    Throwable failure = take(step, When.ANSWER);
    if (failure == null) {
      return stage;
    }
    CompletableFuture<Object> answer = new CompletableFuture<>();
    stage.whenComplete((result, other) -> answer.completeExceptionally(failure));
    return answer;
  }

  /** A place in a step: throws where the step is to fail here. */
  void fail(String step, When when) {
    Throwable failure = take(step, when);
    if (failure instanceof Error error) {
      throw error;
    } else if (failure instanceof RuntimeException exception) {
      throw exception;
    }
  }

  private @Nullable Throwable take(String step, When when) {
    Injection injection = armed.get(step);
    if (injection == null || injection.when() != when || !armed.remove(step, injection)) {
      return null;
    }
    fired.computeIfAbsent(injection, one -> new AtomicInteger()).incrementAndGet();
    String message = "injected: " + injection;
    return injection.kind() == Kind.ERROR
        ? new InjectedError(message)
        : new InjectedException(message);
  }
}
