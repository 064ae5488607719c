package io.drumline.chat;

import org.jspecify.annotations.Nullable;

/**
 * Notifies only the sender that a message was rejected.
 *
 * @param reason one sentence for people
 * @param ref the sender's own reference of the message, if it had one
 */
record ChatRefusal(String reason, @Nullable String ref) {}
