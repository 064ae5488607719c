package io.drumline.backplane;

import io.drumline.backplane.BackplaneStatus.State;
import io.drumline.message.Destination;
import io.drumline.message.Draft;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * Carries publications between nodes. Every publication returns through {@link Receiver#received},
 * on the publishing node too: the backplane alone decides a destination's order.
 *
 * <p>All methods may be called from any thread and never block. Implementations must pass {@code
 * BackplaneContract}.
 */
public interface Backplane {

  /**
   * Starts receiving; called once, before anything else. Returns at once even if the backplane
   * cannot be reached: it keeps trying, see {@link #available()}.
   */
  void start(Receiver receiver);

  /**
   * Publishes a message. Messages that one thread publishes to one destination keep their order.
   *
   * @return the wire {@code message-id}, once the backplane has accepted the message; fails with
   *     {@link BackplaneException} if it did not, or if the result is unknown. Completes on any
   *     thread.
   */
  CompletionStage<String> publish(Draft draft);

  /**
   * Subscribes to a destination's publications. Calls for one destination must be made in order, by
   * one thread at a time, and must alternate with {@link #unsubscribe}.
   *
   * @return completes when everything published from now on will be received. While the backplane
   *     is unavailable it remains incomplete, and completes after recovery. Completes on any
   *     thread.
   */
  CompletionStage<Void> subscribe(Destination destination);

  /** Ends a {@link #subscribe}; a few publications may still arrive. */
  void unsubscribe(Destination destination);

  /**
   * Reads the history of an ordered destination: the current position, and a page of the messages
   * kept after {@code after}. A page has at most 1,024 messages and, beyond the first, 1 MiB.
   *
   * <p>The answer includes everything received for the destination before the call, unless the
   * backplane has lost it.
   *
   * @param after offset after which the page begins; 0 for the oldest kept message
   * @param count maximum publications in the page; 0 to read the position only
   * @param begin whether to begin the destination's first epoch if it has none, so that there is a
   *     position to resume after before its first message
   * @return fails with {@link BackplaneException} while the backplane is unavailable. Completes on
   *     any thread.
   */
  CompletionStage<History> read(Destination destination, long after, int count, boolean begin);

  /** Whether publications can be accepted now. */
  boolean available();

  /** Known problems of the backplane, for operators. */
  default BackplaneStatus status() {
    return new BackplaneStatus(available() ? State.UP : State.DOWN, List.of());
  }

  /** Stops receiving and releases connections and threads. */
  void close();
}
