/**
 * The values that travel between clients, nodes and the backplane; plain JDK, no behaviour beyond
 * their own rules.
 */
@NullMarked
package io.drumline.message;

import org.jspecify.annotations.NullMarked;
