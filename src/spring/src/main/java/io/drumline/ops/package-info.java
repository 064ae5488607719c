/** Running a node: its life cycle, health and start-up line. */
@NullMarked
package io.drumline.ops;

import org.jspecify.annotations.NullMarked;
