package io.drumline.tracing;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Prints one sentence in place of a stack trace. */
final class GrpcFailureAnalyzer extends AbstractFailureAnalyzer<GrpcFailureAnalyzer.NoGrpc> {

  /** OTLP over gRPC would need a second HTTP stack in the node. */
  static final class NoGrpc extends RuntimeException {
    NoGrpc() {
      super(
          "management.opentelemetry.tracing.export.otlp.transport must be http, which every"
              + " collector takes (on port 4318), but is grpc.");
    }
  }

  @Override
  protected FailureAnalysis analyze(Throwable rootFailure, NoGrpc cause) {
    return new FailureAnalysis(String.valueOf(cause.getMessage()), null, cause);
  }
}
