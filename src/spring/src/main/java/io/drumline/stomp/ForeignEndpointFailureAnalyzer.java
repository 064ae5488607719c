package io.drumline.stomp;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Prints the message of a {@link ForeignEndpointException} instead of a stack trace. */
final class ForeignEndpointFailureAnalyzer
    extends AbstractFailureAnalyzer<ForeignEndpointException> {
  @Override
  protected FailureAnalysis analyze(Throwable rootFailure, ForeignEndpointException cause) {
    return new FailureAnalysis(String.valueOf(cause.getMessage()), null, cause);
  }
}
