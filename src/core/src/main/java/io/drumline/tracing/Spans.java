package io.drumline.tracing;

import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.drumline.message.Publication;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The spans of a message's way: sent by a client, published, delivered once a node. There is no
 * such object where tracing is off. Any thread; nothing blocks.
 */
public interface Spans {
  /**
   * Begins the span of a client's SEND, which the caller ends.
   *
   * @param destination as {@link #shown}
   * @param headers the frame's, by name
   */
  Span received(String destination, Function<String, @Nullable String> headers);

  /** Publishes in a span of its own, below the current one, which the message carries on. */
  CompletionStage<String> publish(Draft draft, Function<Draft, CompletionStage<String>> backplane);

  /**
   * Begins the span of a publication's delivery on this node; null if it is not traced.
   *
   * @param waited nanoseconds that have gone by since it arrived
   * @param shards how many event loops will say {@link Delivery#written}
   */
  @Nullable Delivery delivered(Publication publication, long waited, int shards);

  /** A destination as spans name it: a user's own without whose it is. */
  static String shown(Destination destination) {
    return destination.kind() == Destination.Kind.USER ? "/user" : destination.value();
  }
}
