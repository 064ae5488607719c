/**
 * Guarded tasks: failures of periodic and delayed tasks are counted and logged, and tasks go on.
 */
@NullMarked
package io.drumline.loop;

import org.jspecify.annotations.NullMarked;
