package io.drumline.ops;

/**
 * The progress of a drain.
 *
 * @param connections open connections
 * @param planned connections open when the first was closed; 0 before
 * @param closed connections closed by the drain
 */
public record DrainProgress(Stage stage, int connections, int planned, int closed) {

  /** The stage of a drain. */
  public enum Stage {
    /** The node serves clients. */
    SERVING,
    /** The node rejects new clients, and waits for load balancers to notice. */
    GRACE,
    /** The node closes connections at an even rate. */
    CLOSING,
    /** The node has no clients, and rejects new ones. */
    DRAINED
  }
}
