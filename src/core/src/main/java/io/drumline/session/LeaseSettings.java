package io.drumline.session;

import java.time.Duration;

/**
 * The leases by which the nodes of a cluster know each other.
 *
 * @param lease how long a node counts as alive after its last renewal; the same on all nodes
 * @param renewal the interval of renewals; at most a third of the lease
 */
public record LeaseSettings(Duration lease, Duration renewal) {}
