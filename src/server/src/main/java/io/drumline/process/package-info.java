/** A node as a process of its own: SIGTERM, drain by operators, the start-up line. */
@NullMarked
package io.drumline.process;

import org.jspecify.annotations.NullMarked;
