package io.drumline.hub;

/** Why nothing is read from a socket; it is read from when there is no reason left. */
public enum Pause {
  /** The client is connecting: what it sends meanwhile waits in the kernel. */
  CONNECTING(1),
  /** As much is being processed as may be. */
  IN_FLIGHT(2),
  /** The client has sent faster than it may. */
  TOO_FAST(4),
  /** The node's application code is behind with what clients have sent to it. */
  APPLICATION(8);

  private final int bit;

  Pause(int bit) {
    this.bit = bit;
  }

  /** For a set of them. */
  int bit() {
    return bit;
  }
}
