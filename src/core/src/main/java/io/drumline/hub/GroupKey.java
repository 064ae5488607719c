package io.drumline.hub;

/**
 * What makes two subscribers' frames the same bytes.
 *
 * @param continuity whether they are told of gaps
 */
record GroupKey(FrameFormat format, Compression compression, boolean continuity) {}
