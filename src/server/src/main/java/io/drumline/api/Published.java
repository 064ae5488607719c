package io.drumline.api;

/**
 * The answer to a publish that the backplane has accepted.
 *
 * @param id the {@code message-id} that subscribers see
 */
record Published(String id) {}
