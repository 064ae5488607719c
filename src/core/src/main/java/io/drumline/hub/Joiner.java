package io.drumline.hub;

import io.drumline.hub.order.CatchUpStep;
import io.drumline.hub.order.Start;

/**
 * A subscription that joins a destination's order.
 *
 * @param question that is answered by admitting it; an older one is answered no more
 * @param step which part of its past it asks for
 */
record Joiner(Subscription subscription, int question, Start start, CatchUpStep step) {

  ShardTopic topic() {
    return subscription.topic;
  }

  /** Whether it has left or has asked again: nobody waits for its answer. Any thread. */
  boolean isGone() {
    return subscription.question() != question;
  }
}
