package io.drumline.hub;

import io.drumline.hub.order.CatchUpStep;
import io.drumline.hub.order.Start;

/**
 * A subscription that joins a destination's order.
 *
 * @param question the question to answer; obsolete once the subscription has asked a newer one
 * @param step which part of the history it requests
 */
record Joiner(Subscription subscription, int question, Start start, CatchUpStep step) {

  ShardTopic topic() {
    return subscription.topic;
  }

  /** Whether it was cancelled or has asked again: nothing waits for this answer. Any thread. */
  boolean isGone() {
    return subscription.question() != question;
  }
}
