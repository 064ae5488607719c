/** The console: the control plane's page for operators, and its data. */
@NullMarked
package io.drumline.console;

import org.jspecify.annotations.NullMarked;
