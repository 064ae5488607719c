package io.drumline.tracing.otel;

import io.drumline.message.Draft;
import io.drumline.message.Publication;
import io.drumline.tracing.Delivery;
import io.drumline.tracing.Spans;
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
 * The spans of a message's path, created with Micrometer's tracer and named by OpenTelemetry's
 * conventions for messaging. The trace context is passed in the message's headers {@code
 * traceparent} and {@code tracestate}, also to subscribers; a publisher's own values are replaced.
 * Exists only if tracing is enabled. Any thread; nothing blocks.
 */
public final class MicrometerSpans implements Spans {
  /** The length of {@code 00-<trace>-<span>-01}. */
  private static final int PARENT_LENGTH = 55;

  private static final String MESSAGE_ID = "messaging.message.id";

  private final Tracer tracer;
  private final Propagator propagator;
  private final boolean acceptClients;

  /**
   * @param acceptClients whether a client's own trace is continued
   */
  public MicrometerSpans(Tracer tracer, Propagator propagator, boolean acceptClients) {
    this.tracer = tracer;
    this.propagator = propagator;
    this.acceptClients = acceptClients;
  }

  @Override
  public io.drumline.tracing.Span received(
      String destination, Function<String, @Nullable String> headers) {
    Span.Builder span =
        acceptClients && headers.apply(TraceHeaders.PARENT) != null
            ? propagator.extract(headers, Function::apply)
            : tracer.spanBuilder().setNoParent();
    // no operation type: the span that this one continues is the producer's
    return new Received(named(span, Span.Kind.SERVER, "send", destination).start());
  }

  @Override
  public CompletionStage<String> publish(
      Draft draft, Function<Draft, CompletionStage<String>> backplane) {
    Span.Builder builder = tracer.spanBuilder();
    Span current = tracer.currentSpan();
    if (current != null) {
      builder.setParent(current.context());
    }
    Span span =
        named(builder, Span.Kind.PRODUCER, "publish", Spans.shown(draft.destination()))
            .tag("messaging.operation.type", "send")
            .start();
    Map<String, String> own = new LinkedHashMap<>(2);
    if (sampled(span)) {
      propagator.inject(span.context(), own, MicrometerSpans::carry);
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

  @Override
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
                Spans.shown(publication.destination()))
            .tag("messaging.operation.type", "process")
            .tag(MESSAGE_ID, publication.messageId())
            .startTimestamp(microsAgo(waited), TimeUnit.MICROSECONDS)
            .start();
    return new Delivery(span::end, shards);
  }

  private static void end(Span span, @Nullable Throwable failure) {
    if (failure != null) {
      error(span, failure);
    }
    span.end();
  }

  private static void error(Span span, Throwable failure) {
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

  /** Span names must be few, so they contain only a destination's first level. */
  private static String template(String destination) {
    int end = destination.indexOf('/', 1);
    return (end < 0 ? destination : destination.substring(0, end)) + "/**";
  }

  private static boolean sampled(Span span) {
    return Boolean.TRUE.equals(span.context().sampled());
  }

  private static boolean isSampled(String parent) {
    return parent.length() >= PARENT_LENGTH
        && (Character.digit(parent.charAt(PARENT_LENGTH - 1), 16) & 1) == 1;
  }

  private final class Received implements io.drumline.tracing.Span {
    private final Span span;

    Received(Span span) {
      this.span = span;
    }

    @Override
    public <T> T in(Supplier<T> task) {
      Tracer.SpanInScope scope = tracer.withSpan(span);
      try {
        return task.get();
      } finally {
        scope.close();
      }
    }

    @Override
    public void error(Throwable failure) {
      MicrometerSpans.error(span, failure);
    }

    @Override
    public void end(@Nullable Throwable failure) {
      MicrometerSpans.end(span, failure);
    }
  }
}
