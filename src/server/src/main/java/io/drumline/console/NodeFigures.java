package io.drumline.console;

import io.drumline.backplane.BackplaneStatus;
import java.time.Instant;
import java.util.SortedMap;

/**
 * The page's data about this node.
 *
 * @param id the node's name in the cluster
 * @param time when the figures were read, by the node's clock
 * @param backplane the backplane's state and problems
 * @param figures gauges and counters without labels, by name without {@code drumline.}
 * @param closes closed connections, by reason
 */
record NodeFigures(
    String id,
    Instant time,
    BackplaneStatus backplane,
    SortedMap<String, Double> figures,
    SortedMap<String, Double> closes) {}
