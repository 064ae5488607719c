/**
 * The values exchanged between clients, nodes and the backplane; plain JDK types without behaviour
 * beyond their own rules.
 */
@NullMarked
package io.drumline.message;

import org.jspecify.annotations.NullMarked;
