/** The application: assembles a node. */
@NullMarked
package io.drumline;

import org.jspecify.annotations.NullMarked;
