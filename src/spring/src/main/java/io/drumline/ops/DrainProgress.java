package io.drumline.ops;

/**
 * How far a node has drained.
 *
 * @param connections that are open
 * @param planned that were open when the first one was closed; 0 before
 * @param closed by the drain
 */
public record DrainProgress(Stage stage, int connections, int planned, int closed) {

  /** What a node does with its clients. */
  public enum Stage {
    /** It serves. */
    SERVING,
    /** It refuses new ones, and waits for load balancers to notice. */
    GRACE,
    /** It closes the sockets one by one. */
    CLOSING,
    /** It has none, and refuses new ones. */
    DRAINED
  }
}
