package io.drumline.hub;

/** How the payloads of a client's data frames are compressed. */
public enum Compression {
  NONE,
  /** permessage-deflate without context takeover (RFC 7692), so that clients can share frames. */
  DEFLATE
}
