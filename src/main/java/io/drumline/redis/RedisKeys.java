package io.drumline.redis;

import io.drumline.message.Destination;

/**
 * The names of everything in Redis. A destination's keys carry it as their hash tag, so that they
 * share a slot of a Redis Cluster.
 *
 * @param prefix before every name
 */
record RedisKeys(String prefix) {

  /** Where a destination's publications go live. */
  String channel(Destination destination) {
    return key(destination, ":c");
  }

  /** The hash with a destination's epoch, last offset and last id. */
  String meta(Destination destination) {
    return key(destination, ":m");
  }

  /** Where one run of a node proves its pub/sub connection. */
  String probe(String incarnation) {
    return prefix + "probe:" + incarnation;
  }

  private String key(Destination destination, String kind) {
    return prefix + '{' + destination.value() + '}' + kind;
  }
}
