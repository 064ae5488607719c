package io.drumline.hub;

/**
 * A subscription that joins a destination's order.
 *
 * @param question that is answered by admitting it; an older one is answered no more
 * @param part of its past that it asks for
 */
record Joiner(Subscription subscription, int question, Start start, Joiners.Part part) {

  ShardTopic topic() {
    return subscription.topic;
  }

  /** Whether it has left or has asked again: nobody waits for its answer. Any thread. */
  boolean isGone() {
    return subscription.question() != question;
  }
}
