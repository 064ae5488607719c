package io.drumline.tracing.otel;

import io.drumline.tracing.Spans;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.tracing.Tracer;
import io.micrometer.tracing.propagation.Propagator;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.micrometer.tracing.opentelemetry.autoconfigure.SpanExporters;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(TracingProperties.class)
class TracingConfiguration {
  private static final Logger log = LoggerFactory.getLogger(TracingConfiguration.class);

  @Bean("drumline.spans")
  @ConditionalOnBooleanProperty("drumline.tracing.enabled")
  Spans spans(Tracer tracer, Propagator propagator, TracingProperties properties) {
    return new MicrometerSpans(tracer, propagator, properties.acceptClients());
  }

  /** Replaces Spring Boot's, which would use the exporters unwrapped. */
  @Bean("drumline.spanExporters")
  @ConditionalOnBooleanProperty("drumline.tracing.enabled")
  SpanExporters spanExporters(ObjectProvider<SpanExporter> exporters, MeterRegistry registry) {
    List<ReportingExporter> all =
        exporters
            .orderedStream()
            .map(exporter -> new ReportingExporter(exporter, registry))
            .toList();
    if (all.isEmpty()) {
      log.warn(
          "Messages are traced, but spans go nowhere: set"
              + " management.opentelemetry.tracing.export.otlp.endpoint");
    }
    return SpanExporters.of(all);
  }
}
