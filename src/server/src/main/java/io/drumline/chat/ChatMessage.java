package io.drumline.chat;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What everybody in a room receives.
 *
 * @param name who wrote it
 * @param text what they wrote
 * @param time when the node took it
 * @param node which node took it
 * @param ref the sender's own mark of the message, by which their page knows that it has arrived
 */
record ChatMessage(String name, String text, Instant time, String node, @Nullable String ref) {}
