/** Passes clients' frames and session events to application code through Spring's channels. */
@NullMarked
package io.drumline.stomp.application;

import org.jspecify.annotations.NullMarked;
