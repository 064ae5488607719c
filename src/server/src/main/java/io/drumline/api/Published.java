package io.drumline.api;

/**
 * The answer to a publish request that the backplane has accepted.
 *
 * @param id the {@code message-id} that subscribers receive
 */
record Published(String id) {}
