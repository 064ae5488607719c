/** Guarded tasks: what runs periodically or later fails loudly, is counted, and goes on. */
@NullMarked
package io.drumline.loop;

import org.jspecify.annotations.NullMarked;
