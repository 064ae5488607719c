package io.drumline.tracing;

import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.drumline.message.Publication;
import io.micrometer.tracing.Span;
import io.micrometer.tracing.Tracer;
import io.micrometer.tracing.propagation.Propagator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The spans of a message's way: received from a client, published, delivered once a node. The trace
 * context travels in the message's headers {@code traceparent} and {@code tracestate}, to
 * subscribers as well; what a publisher wrote there never does while tracing is on. There is no
 * such object where it is off. Any thread; nothing blocks.
 */
public final class Spans {
  /** Of {@code 00-<trace>-<span>-01}. */
  private static final int PARENT_LENGTH = 55;

  private final Tracer tracer;
  private final Propagator propagator;
  private final boolean acceptClients;

  Spans(Tracer tracer, Propagator propagator, boolean acceptClients) {
    this.tracer = tracer;
    this.propagator = propagator;
    this.acceptClients = acceptClients;
  }

  /**
   * Begins the span of a client's SEND, which the caller ends.
   *
   * @param headers the frame's, by name
   */
  public Span received(String destination, Function<String, @Nullable String> headers) {
    Span.Builder span =
        acceptClients && headers.apply(TraceHeaders.PARENT) != null
            ? propagator.extract(headers, Function::apply)
            : tracer.spanBuilder().setNoParent();
    return named(span, Span.Kind.SERVER, "receive", destination).start();
  }

  /** Runs the task with this span as the current one. */
  public <T> T in(Span span, Supplier<T> task) {
    Tracer.SpanInScope scope = tracer.withSpan(span);
    try {
      return task.get();
    } finally {
      scope.close();
    }
  }

  /** Publishes in a span of its own, below the current one, which the message carries on. */
  public CompletionStage<String> publish(
      Draft draft, Function<Draft, CompletionStage<String>> backplane) {
    Span.Builder builder = tracer.spanBuilder();
    Span current = tracer.currentSpan();
    if (current != null) {
      builder.setParent(current.context());
    }
    Span span = named(builder, Span.Kind.PRODUCER, "publish", shown(draft.destination())).start();
    Map<String, String> own = new LinkedHashMap<>(2);
    if (sampled(span)) {
      propagator.inject(span.context(), own, Spans::carry);
    }
    Draft carrying =
        new Draft(
            draft.destination(),
            TraceHeaders.replace(draft.headers(), own),
            draft.body(),
            draft.id(),
            draft.session());
    return backplane.apply(carrying).whenComplete((id, failure) -> end(span, failure));
  }

  private static void carry(@Nullable Map<String, String> to, String name, String value) {
    if (to != null && (name.equals(TraceHeaders.PARENT) || name.equals(TraceHeaders.STATE))) {
      to.put(name, value);
    }
  }

  /** Begins the span of a publication's delivery on this node; null if it is not traced. */
  public @Nullable Span delivered(Publication publication) {
    String parent = TraceHeaders.find(publication.headers(), TraceHeaders.PARENT);
    if (parent == null || !isSampled(parent)) {
      return null;
    }
    UnaryOperator<@Nullable String> headers =
        name -> {
          if (TraceHeaders.PARENT.equals(name)) {
            return parent;
          }
          return TraceHeaders.STATE.equals(name)
              ? TraceHeaders.find(publication.headers(), TraceHeaders.STATE)
              : null;
        };
    return named(
            propagator.extract(headers, Function::apply),
            Span.Kind.CONSUMER,
            "deliver",
            shown(publication.destination()))
        .start();
  }

  /** Ends a span. */
  public void end(Span span, @Nullable Throwable failure) {
    if (failure != null) {
      span.error(failure);
    }
    span.end();
  }

  private static Span.Builder named(
      Span.Builder span, Span.Kind kind, String what, String destination) {
    return span.kind(kind)
        .name(what)
        .tag("messaging.system", "drumline")
        .tag("messaging.destination.name", destination);
  }

  /** A destination as spans name it: a user's own without whose it is. */
  public static String shown(Destination destination) {
    return destination.kind() == Destination.Kind.USER ? "/user" : destination.value();
  }

  private static boolean sampled(Span span) {
    return Boolean.TRUE.equals(span.context().sampled());
  }

  private static boolean isSampled(String parent) {
    return parent.length() >= PARENT_LENGTH
        && (Character.digit(parent.charAt(PARENT_LENGTH - 1), 16) & 1) == 1;
  }
}
