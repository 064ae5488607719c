package io.drumline.session;

import java.time.Duration;

/**
 * How the nodes of a cluster know each other.
 *
 * @param lease how long a node that says nothing counts as alive; the same on all nodes
 * @param renewal how often a node says that it is alive; at most a third of the lease
 */
public record LeaseSettings(Duration lease, Duration renewal) {}
