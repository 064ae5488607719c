package io.drumline.hub;

import io.drumline.message.Publication;

/**
 * A publication received from the backplane.
 *
 * @param kind the kind of frame that it needs
 * @param time of its arrival, by {@link System#nanoTime}; 0 if messages are not traced or it was
 *     read from history
 */
record Arrival(Publication publication, Frames.Payload kind, long time) {}
