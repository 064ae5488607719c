package io.drumline.hub;

import io.drumline.hub.order.CatchUpStep;
import io.drumline.hub.order.Start;

/** A topic's access to its destination's owner, through the shard. On the shard's loop. */
interface TopicHost {
  /** Joins the owner; called again if the owner may not have noticed or answered. */
  void join(ShardTopic topic);

  /**
   * A subscription requests the next part; answered by {@link Subscription#take}.
   *
   * @param question its number, which the answer carries
   */
  void catchUp(Subscription subscription, int question, Start start, CatchUpStep step);

  /** The last subscriber has left. */
  void forget(ShardTopic topic);
}
