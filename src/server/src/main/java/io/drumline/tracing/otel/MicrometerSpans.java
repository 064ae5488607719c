package io.drumline.tracing;

import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.drumline.message.Publication;
import io.micrometer.tracing.Span;
import io.micrometer.tracing.Tracer;
import io.micrometer.tracing.propagation.Propagator;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The spans of a message's way: sent by a client, published, delivered once a node; named by
 * OpenTelemetry's conventions for messaging. The trace context travels in the message's headers
 * {@code traceparent} and {@code tracestate}, to subscribers as well; what a publisher wrote there
 * never does while tracing is on. There is no such object where it is off. Any thread; nothing
 * blocks.
 */
public final class Spans {
  /** Of {@code 00-<trace>-<span>-01}. */
  private static final int PARENT_LENGTH = 55;

  private static final String MESSAGE_ID = "messaging.message.id";

  private final Tracer tracer;
  private final Propagator propagator;
  private final boolean acceptClients;

  /**
   * @param acceptClients whether a client may go on with a trace of its own
   */
  public Spans(Tracer tracer, Propagator propagator, boolean acceptClients) {
    this.tracer = tracer;
    this.propagator = propagator;
    this.acceptClients = acceptClients;
  }

  /**
   * Begins the span of a client's SEND, which the caller ends.
   *
   * @param destination as {@link #shown}
   * @param headers the frame's, by name
   */
  public Span received(String destination, Function<String, @Nullable String> headers) {
    Span.Builder span =
        acceptClients && headers.apply(TraceHeaders.PARENT) != null
            ? propagator.extract(headers, Function::apply)
            : tracer.spanBuilder().setNoParent();
    // no type of operation: it is not the producer's, whose span this one continues
    return named(span, Span.Kind.SERVER, "send", destination).start();
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
    Span span =
        named(builder, Span.Kind.PRODUCER, "publish", shown(draft.destination()))
            .tag("messaging.operation.type", "send")
            .start();
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
    return backplane
        .apply(carrying)
        .whenComplete(
            (id, failure) -> {
              if (id != null) {
                span.tag(MESSAGE_ID, id);
              }
              end(span, failure);
            });
  }

  private static void carry(@Nullable Map<String, String> to, String name, String value) {
    if (to != null && (name.equals(TraceHeaders.PARENT) || name.equals(TraceHeaders.STATE))) {
      to.put(name, value);
    }
  }

  /**
   * Begins the span of a publication's delivery on this node; null if it is not traced.
   *
   * @param waited nanoseconds that have gone by since it arrived
   * @param shards how many event loops will say {@link Delivery#written}
   */
  public @Nullable Delivery delivered(Publication publication, long waited, int shards) {
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
    Span span =
        named(
                propagator.extract(headers, Function::apply),
                Span.Kind.CONSUMER,
                "deliver",
                shown(publication.destination()))
            .tag("messaging.operation.type", "process")
            .tag(MESSAGE_ID, publication.messageId())
            .startTimestamp(microsAgo(waited), TimeUnit.MICROSECONDS)
            .start();
    return new Delivery(span, shards);
  }

  /** Ends a span. */
  public void end(Span span, @Nullable Throwable failure) {
    if (failure != null) {
      error(span, failure);
    }
    span.end();
  }

  /** Marks a span as failed. */
  public void error(Span span, Throwable failure) {
    Throwable cause = failure;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    span.tag("error.type", cause.getClass().getName()).error(cause);
  }

  private static long microsAgo(long nanos) {
    return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now())
        - TimeUnit.NANOSECONDS.toMicros(nanos);
  }

  private static Span.Builder named(
      Span.Builder span, Span.Kind kind, String what, String destination) {
    String template = template(destination);
    return span.kind(kind)
        .name(what + ' ' + template)
        .tag("messaging.system", "drumline")
        .tag("messaging.operation.name", what)
        .tag("messaging.destination.name", destination)
        .tag("messaging.destination.template", template);
  }

  /** Names of spans must be few, so they have a destination's first level only. */
  private static String template(String destination) {
    int end = destination.indexOf('/', 1);
    return (end < 0 ? destination : destination.substring(0, end)) + "/**";
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
