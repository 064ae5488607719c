/**
 * One client: its connection, the state of its session, its frames in process, the server's
 * answers.
 */
@NullMarked
package io.drumline.stomp.client;

import org.jspecify.annotations.NullMarked;
