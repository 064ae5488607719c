package io.drumline.backplane;

import java.util.concurrent.CompletionStage;

/**
 * Sends notices between nodes: each {@link Notice} goes to all nodes of the cluster, including the
 * sender.
 *
 * <p>A notice may be lost with a connection. Important state is therefore stored in the backplane
 * before its notice is sent, and a listener reads it there whenever notices may have been missed.
 *
 * <p>Thread safe. Nothing blocks; queued notices are bounded.
 */
public interface ControlChannel {

  /**
   * Sends a notice to all nodes. Notices sent by one thread keep their order.
   *
   * @return completes when the notice is on its way to the nodes that listen now; fails with {@link
   *     BackplaneException} if it is not, or if the result is unknown. Completes on any thread.
   */
  CompletionStage<Void> tell(Notice notice);

  /**
   * Adds a listener for one kind of notices, until the node ends; a kind may have several. {@link
   * Listener#missed} is called once this node receives notices, which may be before this returns.
   */
  void listen(String kind, Listener listener);

  /**
   * Receives notices. Called on any thread, in the order in which one node sent them. Must not
   * block. Exceptions are logged and have no further effect.
   */
  interface Listener {
    /** A node, possibly this one, has sent this notice. */
    void heard(Notice notice);

    /**
     * Notices may have been missed until now: this node began to listen, or its connection was lost
     * and is restored. Notices are received from here on.
     */
    void missed();
  }
}
