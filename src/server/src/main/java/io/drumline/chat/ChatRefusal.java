package io.drumline.chat;

import org.jspecify.annotations.Nullable;

/**
 * Tells a sender, and nobody else, that a message was not taken.
 *
 * @param reason one sentence for people
 * @param ref the sender's own mark of the message, where there was one
 */
record ChatRefusal(String reason, @Nullable String ref) {}
