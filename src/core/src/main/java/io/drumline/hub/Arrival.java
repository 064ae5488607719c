package io.drumline.hub;

import io.drumline.message.Publication;

/**
 * A publication that the backplane has brought to this node.
 *
 * @param kind of frame that it needs
 * @param time of its arrival, by {@link System#nanoTime}; 0 where messages are not traced, or it
 *     was read from history
 */
record Arrival(Publication publication, Frames.Payload kind, long time) {}
