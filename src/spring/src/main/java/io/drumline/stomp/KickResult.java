package io.drumline.stomp;

/**
 * The outcome of a kick.
 *
 * @param closed connections closed on all nodes that answered
 * @param silent nodes that did not answer within a second
 */
public record KickResult(int closed, int silent) {}
