package io.drumline.tracing;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A span of a client's SEND. Any thread. */
public interface Span {
  /** Runs the task with this span as the current one. */
  <T> T in(Supplier<T> task);

  /** Marks it as failed. */
  void error(Throwable failure);

  /** Ends it, with the failure if there was one. */
  void end(@Nullable Throwable failure);
}
