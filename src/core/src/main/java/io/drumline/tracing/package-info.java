/** Traces of messages through the cluster, if tracing is on. */
@NullMarked
package io.drumline.tracing;

import org.jspecify.annotations.NullMarked;
