/** The application: puts a node together. */
@NullMarked
package io.drumline;

import org.jspecify.annotations.NullMarked;
