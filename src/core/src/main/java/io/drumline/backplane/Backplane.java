package io.drumline.backplane;

import io.drumline.backplane.BackplaneStatus.State;
import io.drumline.message.Destination;
import io.drumline.message.Draft;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * Carries publications between nodes. Every publication comes back through {@link
 * Receiver#received}, on the publishing node too: the backplane alone decides a destination's
 * order.
 *
 * <p>All methods may be called from any thread and never block. Implementations pass {@code
 * BackplaneContract}.
 */
public interface Backplane {

  /**
   * Starts the flow; called once, before anything else. Returns at once even if the backplane
   * cannot be reached: it keeps trying, and {@link #available()} tells.
   */
  void start(Receiver receiver);

  /**
   * Publishes. Drafts that one thread publishes to one destination keep their order.
   *
   * @return the wire {@code message-id}, once the backplane has accepted the message; fails with
   *     {@link BackplaneException} where it did not, or where it is not known whether it did.
   *     Completes on any thread.
   */
  CompletionStage<String> publish(Draft draft);

  /**
   * Begins to receive a destination's publications. Calls for one destination are made in order, by
   * one thread at a time, a subscribe never twice without an unsubscribe between.
   *
   * @return completes when everything published from now on will be received; while the backplane
   *     is away it stays open and completes after its return. Completes on any thread.
   */
  CompletionStage<Void> subscribe(Destination destination);

  /** Ends what {@link #subscribe} began; a few publications may still arrive. */
  void unsubscribe(Destination destination);

  /**
   * Reads an ordered destination's past: where its order is now, and a page of what is kept behind
   * {@code after}. A page has at most 1,024 messages and, beyond the first, 1 MiB.
   *
   * <p>What was received for the destination before the call is part of the answer, unless the
   * backplane has lost it.
   *
   * @param after offset behind which the page begins; 0 for the oldest that is kept
   * @param count most publications in the page; 0 to learn the position only
   * @param begin whether to begin the destination's first epoch where it has none, so that there is
   *     a position to resume after before its first message
   * @return fails with {@link BackplaneException} while the backplane is away. Completes on any
   *     thread.
   */
  CompletionStage<History> read(Destination destination, long after, int count, boolean begin);

  /** Whether publications can be accepted now. */
  boolean available();

  /** What is known to be wrong with it, for operators. */
  default BackplaneStatus status() {
    return new BackplaneStatus(available() ? State.UP : State.DOWN, List.of());
  }

  /** Stops the flow and releases connections and threads. */
  void close();
}
