package io.drumline.hub;

/**
 * Subscribers with equal keys receive identical bytes.
 *
 * @param continuity whether they receive gap notices
 */
record GroupKey(FrameFormat format, Compression compression, boolean continuity) {}
