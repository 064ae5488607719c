package io.drumline.ops;

import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Decides when a lack of memory is permanent. {@code -XX:+ExitOnOutOfMemoryError} cannot: it does
 * not see an {@link OutOfMemoryError} thrown by Java code, as Netty and the JDK do when direct
 * memory is exhausted.
 *
 * <p>An exhausted heap or metaspace is permanent at once, since any object may be in an
 * inconsistent state. Other errors, such as of direct memory, are handled where they occur. They
 * are permanent when they have occurred for 30 seconds, at least {@value #MOST_FAILURES} times,
 * without 10 seconds in between free of them. Any thread; needs no memory itself.
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
   * @param givenUp called once, with what is exhausted
   */
  MemoryExhaustion(LongSupplier nanos, Consumer<String> givenUp) {
    this.nanos = nanos;
    this.givenUp = givenUp;
  }

  /** Reports a failure; failures other than a lack of memory are ignored. */
  @Override
  public void accept(Throwable failure) {
    OutOfMemoryError error = find(failure);
    if (error != null && giveUp(error)) {
      givenUp.accept(String.valueOf(error.getMessage()));
    }
  }

  /** Reports that memory is exhausted although nothing has failed. */
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
