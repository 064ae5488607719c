/** The operators' page of the control plane: what it shows, where it is. */
@NullMarked
package io.drumline.console;

import org.jspecify.annotations.NullMarked;
