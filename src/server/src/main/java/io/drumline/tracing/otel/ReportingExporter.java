package io.drumline.tracing.otel;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts exported and lost spans, and logs once when spans cannot be exported, and once when they
 * can be again, instead of the exporter's error for each batch. Any thread.
 */
final class ReportingExporter implements SpanExporter {
  private static final Logger log = LoggerFactory.getLogger(ReportingExporter.class);

  private final SpanExporter exporter;
  private final Counter exported;
  private final Counter lost;
  private final AtomicBoolean failing = new AtomicBoolean();

  ReportingExporter(SpanExporter exporter, MeterRegistry registry) {
    this.exporter = exporter;
    exported = counter("exported", registry);
    lost = counter("lost", registry);
  }

  private static Counter counter(String outcome, MeterRegistry registry) {
    return Counter.builder("drumline.tracing.spans")
        .description("Spans that were given to the exporter, by what became of them")
        .tag("outcome", outcome)
        .register(registry);
  }

  @Override
  public CompletableResultCode export(Collection<SpanData> spans) {
    int count = spans.size();
    CompletableResultCode result = exporter.export(spans);
    return result.whenComplete(
        () -> {
          if (result.isSuccess()) {
            exported.increment(count);
            if (failing.getAndSet(false)) {
              log.info("Spans are exported again");
            }
          } else {
            lost.increment(count);
            if (!failing.getAndSet(true)) {
              log.warn(
                  "Spans cannot be exported now ({}): they are dropped, messages are not",
                  reason(result.getFailureThrowable()));
            }
          }
        });
  }

  /**
   * The exporter's own exception has no details: use its cause; without one, the collector
   * answered.
   */
  private static String reason(@Nullable Throwable failure) {
    Throwable cause = failure == null ? null : failure.getCause();
    while (cause != null
        && cause.getCause() != null
        && (cause instanceof CompletionException || cause instanceof UncheckedIOException)) {
      cause = cause.getCause();
    }
    return cause == null ? "the collector refused them" : cause.toString();
  }

  @Override
  public CompletableResultCode flush() {
    return exporter.flush();
  }

  @Override
  public CompletableResultCode shutdown() {
    return exporter.shutdown();
  }
}
