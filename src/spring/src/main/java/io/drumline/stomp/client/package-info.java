/**
 * One client: its connection, the state of its session, its frames being processed, and the
 * server's answers.
 */
@NullMarked
package io.drumline.stomp.client;

import org.jspecify.annotations.NullMarked;
