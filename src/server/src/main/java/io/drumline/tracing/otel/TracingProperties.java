package io.drumline.tracing.otel;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Tracing; where spans go and how many is said by {@code management.opentelemetry.tracing.*} and
 * {@code management.tracing.*}. All nodes of a cluster should agree.
 *
 * @param enabled whether messages are traced at all
 * @param acceptClients whether a client's own {@code traceparent} in SEND is the parent of what
 *     follows, its decision to sample included; else each SEND begins a trace
 */
@ConfigurationProperties(value = "drumline.tracing", ignoreUnknownFields = false)
public record TracingProperties(
    @DefaultValue("false") boolean enabled, @DefaultValue("false") boolean acceptClients) {}
