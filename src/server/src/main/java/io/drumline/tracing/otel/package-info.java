/** Tracing with OpenTelemetry: creates and exports spans. */
@NullMarked
package io.drumline.tracing.otel;

import org.jspecify.annotations.NullMarked;
