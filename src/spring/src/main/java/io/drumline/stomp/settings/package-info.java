/** The STOMP settings. */
@NullMarked
package io.drumline.stomp.settings;

import org.jspecify.annotations.NullMarked;
