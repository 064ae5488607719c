package io.drumline.tracing;

import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.drumline.message.Publication;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The spans of a message: sent by a client, published, delivered (once per node). Absent if tracing
 * is off. Any thread; nothing blocks.
 */
public interface Spans {
  /**
   * Starts the span of a client's SEND, which the caller ends.
   *
   * @param destination as {@link #shown}
   * @param headers the frame's headers, by name
   */
  Span received(String destination, Function<String, @Nullable String> headers);

  /** Publishes in a span of its own, a child of the current one; the message carries it on. */
  CompletionStage<String> publish(Draft draft, Function<Draft, CompletionStage<String>> backplane);

  /**
   * Starts the span of a publication's delivery on this node; null if it is not traced.
   *
   * @param waited nanoseconds since it arrived
   * @param shards the number of event loops that will call {@link Delivery#written}
   */
  @Nullable Delivery delivered(Publication publication, long waited, int shards);

  /** A destination as named in spans: user destinations without the user's name. */
  static String shown(Destination destination) {
    return destination.kind() == Destination.Kind.USER ? "/user" : destination.value();
  }
}
