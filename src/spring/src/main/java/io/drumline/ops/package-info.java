/** Running a node: life cycle, drain, rebalancing, memory and health. */
@NullMarked
package io.drumline.ops;

import org.jspecify.annotations.NullMarked;
