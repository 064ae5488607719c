/**
 * Clients' frames and the ends of their sessions, shown to application code by Spring's channels.
 */
@NullMarked
package io.drumline.stomp.application;

import org.jspecify.annotations.NullMarked;
