package io.drumline.ops;

import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Decides when a lack of memory is no passing one. {@code -XX:+ExitOnOutOfMemoryError} cannot: it
 * does not see an {@link OutOfMemoryError} that Java code throws, as Netty and the JDK do where
 * direct memory is exhausted.
 *
 * <p>An exhausted heap or metaspace ends it at once, since any object may have been left half done.
 * Anything else, such as direct memory, is repaired by who needed it, and given up when it has
 * failed for 30 seconds, {@value #MOST_FAILURES} times at least, without 10 seconds of peace in
 * between. Any thread; needs no memory itself.
 */
final class MemoryExhaustion implements Consumer<Throwable> {
  static final int MOST_FAILURES = 20;
  static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);
  static final long PEACE_NANOS = TimeUnit.SECONDS.toNanos(10);

  private static final int DEEPEST_CAUSE = 8;

  private final LongSupplier nanos;
  private final Consumer<String> givenUp;
  private int failures;
  private long first;
  private long last;
  private boolean over;

  /**
   * @param nanos the clock, in nanoseconds
   * @param givenUp told once, with what is exhausted
   */
  MemoryExhaustion(LongSupplier nanos, Consumer<String> givenUp) {
    this.nanos = nanos;
    this.givenUp = givenUp;
  }

  /** Something has failed; what is no lack of memory is passed by. */
  @Override
  public void accept(Throwable failure) {
    OutOfMemoryError error = find(failure);
    if (error != null && giveUp(error)) {
      givenUp.accept(String.valueOf(error.getMessage()));
    }
  }

  /** Nothing has failed, and yet memory is exhausted. */
  void exhausted(String what) {
    if (end()) {
      givenUp.accept(what);
    }
  }

  private synchronized boolean end() {
    boolean first = !over;
    over = true;
    return first;
  }

  private synchronized boolean giveUp(OutOfMemoryError error) {
    if (over) {
      return false;
    }
    long now = nanos.getAsLong();
    if (failures == 0 || now - last > PEACE_NANOS) {
      failures = 0;
      first = now;
    }
    failures++;
    last = now;
    over =
        isHeap(String.valueOf(error.getMessage()))
            || (failures >= MOST_FAILURES && now - first >= PATIENCE_NANOS);
    return over;
  }

  private static boolean isHeap(String message) {
    return message.startsWith("Java heap space")
        || message.startsWith("GC overhead limit exceeded")
        || message.startsWith("Metaspace")
        || message.toLowerCase(Locale.ROOT).startsWith("compressed class space");
  }

  private static @Nullable OutOfMemoryError find(Throwable failure) {
    Throwable each = failure;
    for (int i = 0; i < DEEPEST_CAUSE && each != null; i++) {
      if (each instanceof OutOfMemoryError error) {
        return error;
      }
      each = each.getCause();
    }
    return null;
  }
}
