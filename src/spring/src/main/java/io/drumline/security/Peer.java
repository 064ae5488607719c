package io.drumline.security;

import java.net.InetAddress;

/**
 * The other end of a socket, as its upgrade showed it.
 *
 * @param address the client's own, as far as trusted proxies tell it
 * @param origin what the page behind it is worth
 */
public record Peer(InetAddress address, OriginPolicy.Answer origin) {}
