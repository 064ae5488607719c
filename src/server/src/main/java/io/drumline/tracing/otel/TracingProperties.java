package io.drumline.tracing.otel;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Tracing; {@code management.opentelemetry.tracing.*} and {@code management.tracing.*} set the
 * exporter and the sampling rate. All nodes of a cluster should have the same settings.
 *
 * @param enabled whether messages are traced at all
 * @param acceptClients whether a client's own {@code traceparent} in SEND is the parent of what
 *     follows, its decision to sample included; else each SEND begins a trace
 */
@ConfigurationProperties(value = "drumline.tracing", ignoreUnknownFields = false)
public record TracingProperties(
    @DefaultValue("false") boolean enabled, @DefaultValue("false") boolean acceptClients) {}
