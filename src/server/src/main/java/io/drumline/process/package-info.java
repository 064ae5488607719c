/** A node as a process of its own: SIGTERM, the drain endpoint, the start-up log. */
@NullMarked
package io.drumline.process;

import org.jspecify.annotations.NullMarked;
