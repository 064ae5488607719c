/**
 * Publishes messages of clients, applications and backends to the backplane, with metrics and
 * traces.
 */
@NullMarked
package io.drumline.publish;

import org.jspecify.annotations.NullMarked;
