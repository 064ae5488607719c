package io.drumline.backplane;

import java.util.concurrent.CompletionStage;

/**
 * How nodes tell each other what happened: each {@link Notice} goes to all nodes of the cluster,
 * the teller too.
 *
 * <p>A notice is a doorbell, not a letter: it may get lost with a connection. So what must not be
 * missed is kept in the backplane first and told then; a listener looks there whenever it is told
 * that it may have missed something.
 *
 * <p>Thread safe. Nothing blocks; what waits to be told is bounded.
 */
public interface ControlChannel {

  /**
   * Tells all nodes. Notices that one thread tells keep their order.
   *
   * @return completes when the notice is on its way to the nodes that listen now; fails with {@link
   *     BackplaneException} where it is not, or where that is not known. Completes on any thread.
   */
  CompletionStage<Void> tell(Notice notice);

  /**
   * Listens, from now to the node's end, to notices of one kind; several may listen to one. {@link
   * Listener#missed} is called once this node hears, which may be before this returns.
   */
  void listen(String kind, Listener listener);

  /**
   * Takes notices. Called by any thread, in the order in which they were told by one node; hands
   * over, never blocks. What it throws is logged and has no further effect.
   */
  interface Listener {
    /** A node, perhaps this one, has told this. */
    void heard(Notice notice);

    /**
     * Notices may have been missed until now: this node began to listen, or its connection was lost
     * and has come back. From here on it hears.
     */
    void missed();
  }
}
