package io.drumline.console;

import io.drumline.backplane.BackplaneStatus;
import java.time.Instant;
import java.util.SortedMap;

/**
 * What the page shows of this node.
 *
 * @param id the node's name in the cluster
 * @param time when this was read, by the node's clock
 * @param backplane how well it serves, and what is wrong with it
 * @param figures its gauges and counters without labels, by their names without {@code drumline.}
 * @param closes sockets that it has closed, by reason
 */
record NodeFigures(
    String id,
    Instant time,
    BackplaneStatus backplane,
    SortedMap<String, Double> figures,
    SortedMap<String, Double> closes) {}
