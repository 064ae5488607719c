package io.drumline.publish;

import io.drumline.backplane.Backplane;
import io.drumline.message.Draft;
import io.drumline.tracing.Span;
import io.drumline.tracing.Spans;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Publishes messages of this node's clients and applications. Thread safe. */
public final class Publisher {
  private final Backplane backplane;
  private final @Nullable Spans spans;
  private final Counter published;
  private final Counter failed;

  /**
   * @param spans null if messages are not traced
   */
  public Publisher(Backplane backplane, @Nullable Spans spans, MeterRegistry registry) {
    this.backplane = backplane;
    this.spans = spans;
    published =
        Counter.builder("drumline.messages.published")
            .description("Messages that clients and applications of this node published")
            .register(registry);
    failed =
        Counter.builder("drumline.messages.failed")
            .description("Messages that the backplane did not accept")
            .register(registry);
  }

  /** Whether the backplane accepts messages now. */
  public boolean available() {
    return backplane.available();
  }

  /**
   * Publishes a client's message, in a span that follows the client's own span, if any.
   *
   * @param headers the client's headers by name
   * @return the message id, once accepted; see {@link Backplane#publish}
   */
  public CompletionStage<String> publish(Draft draft, Function<String, @Nullable String> headers) {
    Spans spans = this.spans;
    if (spans == null) {
      return publish(draft);
    }
    Span span = spans.received(Spans.shown(draft.destination()), headers);
    return span.in(() -> publish(draft)).whenComplete((messageId, failure) -> span.end(failure));
  }

  /**
   * Publishes a message.
   *
   * @return the message id, once accepted; see {@link Backplane#publish}
   */
  public CompletionStage<String> publish(Draft draft) {
    published.increment();
    return (spans == null ? backplane.publish(draft) : spans.publish(draft, backplane::publish))
        .whenComplete(
            (messageId, error) -> {
              if (error != null) {
                failed.increment();
              }
            });
  }
}
