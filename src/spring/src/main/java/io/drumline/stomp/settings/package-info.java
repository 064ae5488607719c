/** What an operator sets for STOMP. */
@NullMarked
package io.drumline.stomp.settings;

import org.jspecify.annotations.NullMarked;
