package io.drumline.hub;

import io.drumline.hub.order.CatchUpStep;
import io.drumline.hub.order.Start;

/** What a topic asks its shard for: the way to its destination's owner. On the shard's loop. */
interface TopicHost {
  /** Joins the owner; again, if it may not have taken notice or not have answered. */
  void join(ShardTopic topic);

  /**
   * A subscription asks the owner for what comes next; answered by {@link Subscription#take}.
   *
   * @param question its number, which comes back with the answer
   */
  void catchUp(Subscription subscription, int question, Start start, CatchUpStep step);

  /** The last subscriber has left. */
  void forget(ShardTopic topic);
}
