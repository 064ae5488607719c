package io.drumline.stomp;

import io.drumline.backplane.Backplane;
import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.drumline.tracing.Span;
import io.drumline.tracing.Spans;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Makes drafts of clients' and applications' messages and hands them to the backplane. Thread safe.
 */
public final class Publisher {
  private final Backplane backplane;
  private final @Nullable Spans spans;
  private final Counter published;
  private final Counter failed;

  /**
   * @param spans null unless messages are traced
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

  boolean available() {
    return backplane.available();
  }

  /**
   * Publishes what a client sent; see {@link #publish}.
   *
   * @throws IllegalArgumentException if a header is one that no publisher may set
   */
  CompletionStage<String> send(Destination destination, ClientFrame frame, @Nullable String id) {
    Spans spans = this.spans;
    if (spans == null) {
      return publish(destination, frame.headers(), frame.body(), id, null);
    }
    Span span = spans.received(Spans.shown(destination), frame::header);
    try {
      return span.in(() -> publish(destination, frame.headers(), frame.body(), id, null))
          .whenComplete((messageId, failure) -> span.end(failure));
    } catch (IllegalArgumentException refused) {
      span.end(refused);
      throw refused;
    }
  }

  /**
   * Publishes a message with the headers that may reach subscribers.
   *
   * @param id the publisher's own id, or null
   * @param session the only session that shall see it, or null
   * @return the message id, once accepted; see {@link Backplane#publish}
   * @throws IllegalArgumentException if a header is one that no publisher may set
   */
  CompletionStage<String> publish(
      Destination destination,
      List<Header> headers,
      byte[] body,
      @Nullable String id,
      @Nullable String session) {
    byte[] block = StompEncoder.headerBlock(passedOn(headers));
    return publish(new Draft(destination, block, body, id, session));
  }

  /** Publishes a draft that is complete; see {@link Backplane#publish}. */
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

  /**
   * Those of a publisher's headers that reach subscribers.
   *
   * @throws IllegalArgumentException if one is a header that no publisher may set
   */
  static List<Header> passedOn(List<Header> headers) {
    List<Header> passed = new ArrayList<>(headers.size());
    for (Header header : headers) {
      switch (ReservedHeaders.of(header.name())) {
        case PASSED -> passed.add(header);
        case TAKEN -> {}
        case REFUSED -> throw new IllegalArgumentException(ReservedHeaders.sentence(header.name()));
      }
    }
    return passed;
  }
}
