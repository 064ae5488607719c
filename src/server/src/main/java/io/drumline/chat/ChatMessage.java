package io.drumline.chat;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A message to a room.
 *
 * @param name the author's name
 * @param text the author's text
 * @param time when the node received it
 * @param node the node that received it
 * @param ref the sender's own reference, by which its page recognises the message
 */
record ChatMessage(String name, String text, Instant time, String node, @Nullable String ref) {}
