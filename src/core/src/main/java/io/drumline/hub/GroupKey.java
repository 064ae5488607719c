package io.drumline.hub;

/**
 * What makes two subscribers' frames the same bytes.
 *
 * @param deflate whether frames are compressed (permessage-deflate, without context takeover)
 * @param continuity whether they are told of gaps
 */
record GroupKey(FrameFormat format, boolean deflate, boolean continuity) {}
