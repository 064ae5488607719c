package io.drumline.console;

import java.time.Instant;
import java.util.SortedMap;

/**
 * What the page shows of this node.
 *
 * @param id the node's name in the cluster
 * @param time when this was read, by the node's clock
 * @param figures its gauges and counters without labels, by their names without {@code drumline.}
 * @param closes sockets that it has closed, by reason
 */
record NodeFigures(
    String id, Instant time, SortedMap<String, Double> figures, SortedMap<String, Double> closes) {}
