package io.drumline.security;

import java.net.InetAddress;

/**
 * The client of a connection, by its upgrade request.
 *
 * @param address the client's own address, as far as trusted proxies report it
 * @param origin the decision about the page's origin
 */
public record Peer(InetAddress address, OriginPolicy.Answer origin) {}
