package io.drumline.stomp;

/**
 * What a kick has done.
 *
 * @param closed sockets, on all nodes that have answered
 * @param silent nodes that have not answered within a second
 */
public record KickResult(int closed, int silent) {}
