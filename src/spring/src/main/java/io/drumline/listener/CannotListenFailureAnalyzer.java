package io.drumline.listener;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Prints the message of a {@link CannotListenException} instead of a stack trace. */
final class CannotListenFailureAnalyzer extends AbstractFailureAnalyzer<CannotListenException> {
  @Override
  protected FailureAnalysis analyze(Throwable rootFailure, CannotListenException cause) {
    return new FailureAnalysis(String.valueOf(cause.getMessage()), null, cause);
  }
}
