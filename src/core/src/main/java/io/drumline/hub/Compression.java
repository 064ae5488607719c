package io.drumline.hub;

/** The compression of a client's data frames. */
public enum Compression {
  NONE,
  /** permessage-deflate without context takeover (RFC 7692), so that clients can share frames. */
  DEFLATE
}
