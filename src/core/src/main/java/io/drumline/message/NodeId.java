package io.drumline.message;

/**
 * The name of this node, for people and logs: unique among the running nodes, and stable across
 * restarts if it is configured.
 *
 * @param value the name
 */
public record NodeId(String value) {}
