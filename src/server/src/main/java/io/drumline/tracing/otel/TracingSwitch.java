package io.drumline.tracing.otel;

import io.drumline.tracing.otel.WrongTracingFailureAnalyzer.WrongTracing;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.autoconfigure.AutoConfigurationImportFilter;
import org.springframework.boot.autoconfigure.AutoConfigurationMetadata;
import org.springframework.context.EnvironmentAware;
import org.springframework.core.env.Environment;

/**
 * Excludes Spring Boot's tracing unless tracing is enabled; and always the observation of Redis
 * commands, which would include probes.
 */
final class TracingSwitch implements AutoConfigurationImportFilter, EnvironmentAware {
  private static final String OTLP = "management.opentelemetry.tracing.export.otlp.";
  private static final String TRANSPORT = OTLP + "transport";
  private static final String ENDPOINT = OTLP + "endpoint";

  private boolean on;

  @Override
  public void setEnvironment(Environment environment) {
    on = environment.getProperty("drumline.tracing.enabled", Boolean.class, false);
    if (on && "grpc".equalsIgnoreCase(environment.getProperty(TRANSPORT))) {
      // OTLP over gRPC would need a second HTTP stack in the node.
      throw new WrongTracing(
          TRANSPORT + " must be http, which every collector takes (on port 4318), but is grpc.");
    }
    String endpoint = environment.getProperty(ENDPOINT, "");
    if (on && !endpoint.isEmpty() && !endpoint.matches("(?i)https?://[^/\\s]+.*")) {
      throw new WrongTracing(
          "%s must be a URL, such as http://collector:4318/v1/traces, but is '%s'."
              .formatted(ENDPOINT, endpoint));
    }
  }

  @Override
  public boolean[] match(
      @Nullable String[] candidates, AutoConfigurationMetadata autoConfigurationMetadata) {
    boolean[] matches = new boolean[candidates.length];
    for (int i = 0; i < candidates.length; i++) {
      String candidate = candidates[i];
      matches[i] =
          candidate == null
              || (on && !candidate.endsWith(".LettuceObservationAutoConfiguration"))
              || (!candidate.startsWith("org.springframework.boot.micrometer.tracing.")
                  && !candidate.startsWith("org.springframework.boot.opentelemetry.")
                  && !candidate.endsWith(".LettuceObservationAutoConfiguration"));
    }
    return matches;
  }
}
