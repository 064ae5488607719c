package io.drumline.hub;

/** Why a connection does not read; it reads again when no reason is left. */
public enum Pause {
  /** The client is connecting: further data waits in the kernel. */
  CONNECTING(1),
  /** The limit of frames in process is reached. */
  IN_FLIGHT(2),
  /** The client exceeds its send rate. */
  TOO_FAST(4),
  /** The node's application code is behind with the clients' messages. */
  APPLICATION(8);

  private final int bit;

  Pause(int bit) {
    this.bit = bit;
  }

  /** A bit for sets of reasons. */
  int bit() {
    return bit;
  }
}
