package io.drumline.tracing;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.autoconfigure.AutoConfigurationImportFilter;
import org.springframework.boot.autoconfigure.AutoConfigurationMetadata;
import org.springframework.context.EnvironmentAware;
import org.springframework.core.env.Environment;

/**
 * Leaves all of Spring Boot's tracing out of the context unless tracing is on; and in any case what
 * would observe each command to Redis, probes included.
 */
final class TracingSwitch implements AutoConfigurationImportFilter, EnvironmentAware {
  private static final String TRANSPORT = "management.opentelemetry.tracing.export.otlp.transport";

  private boolean on;

  @Override
  public void setEnvironment(Environment environment) {
    on = environment.getProperty("drumline.tracing.enabled", Boolean.class, false);
    if (on && "grpc".equalsIgnoreCase(environment.getProperty(TRANSPORT))) {
      throw new GrpcFailureAnalyzer.NoGrpc();
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
