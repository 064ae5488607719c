package io.drumline.tracing.otel;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Prints one sentence instead of a stack trace. */
final class WrongTracingFailureAnalyzer
    extends AbstractFailureAnalyzer<WrongTracingFailureAnalyzer.WrongTracing> {

  /** Spans cannot be exported with these settings; the message is one sentence. */
  static final class WrongTracing extends RuntimeException {
    WrongTracing(String sentence) {
      super(sentence);
    }
  }

  @Override
  protected FailureAnalysis analyze(Throwable rootFailure, WrongTracing cause) {
    return new FailureAnalysis(String.valueOf(cause.getMessage()), null, cause);
  }
}
