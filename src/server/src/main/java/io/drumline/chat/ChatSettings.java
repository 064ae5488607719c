package io.drumline.chat;

import java.util.List;

/**
 * The page's settings for connecting.
 *
 * @param endpoints WebSocket addresses to choose from, or paths on the page's own host; if empty,
 *     the page uses the host it was loaded from, with {@code port} and {@code path}
 * @param endpointsInUrl whether the page's URL may name other endpoints
 * @param port the port this node's client listener is bound to
 * @param path the path of the WebSocket
 * @param stomp the path of STOMP.js on the page's own host
 */
record ChatSettings(
    List<String> endpoints, boolean endpointsInUrl, int port, String path, String stomp) {}
