/** What clients, applications and backends publish goes to the backplane, counted and traced. */
@NullMarked
package io.drumline.publish;

import org.jspecify.annotations.NullMarked;
