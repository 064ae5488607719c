/** Spans made and exported by OpenTelemetry. */
@NullMarked
package io.drumline.tracing.otel;

import org.jspecify.annotations.NullMarked;
