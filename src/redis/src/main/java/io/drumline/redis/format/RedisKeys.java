package io.drumline.redis.format;

import io.drumline.message.Destination;

/**
 * The names of everything in Redis. A destination's keys carry it as their hash tag, so that they
 * share a slot of a Redis Cluster.
 *
 * @param prefix before every key
 * @param channels before every channel
 */
public record RedisKeys(String prefix, String channels) {

  /** Of a cluster in database 0. */
  public RedisKeys(String prefix) {
    this(prefix, prefix);
  }

  /**
   * Of a cluster in a database. Redis has the same channels for all of its databases, so those of
   * other databases than 0 carry the number.
   */
  public static RedisKeys in(int database, String prefix) {
    return database == 0
        ? new RedisKeys(prefix)
        : new RedisKeys(prefix, prefix + "db" + database + ':');
  }

  /** Whether a destination's channel has another name than its keys, but for the end. */
  public boolean hasOtherChannels() {
    return !channels.equals(prefix);
  }

  /** Where a destination's publications go live. */
  public String channel(Destination destination) {
    return key(channels, destination, ":c");
  }

  /** The hash with a destination's epoch, last offset and last id, and more: see publish.lua. */
  public String meta(Destination destination) {
    return key(prefix, destination, ":m");
  }

  /** The stream with a destination's history. */
  public String stream(Destination destination) {
    return key(prefix, destination, ":s");
  }

  /** What became of the message to which a publisher gave this id. */
  public String published(Destination destination, String publisherId) {
    return key(prefix, destination, ":i:" + publisherId);
  }

  /** Where one run of a node proves its pub/sub connection. */
  public String probe(String incarnation) {
    return channels + "probe:" + incarnation;
  }

  /** The hash with whose a client-id is, its newest socket, and its positions. */
  public String session(String clientId) {
    return prefix + "session:" + clientId;
  }

  /** The channel on which one run of a node is told what concerns it alone. */
  public String node(String incarnation) {
    return channels + "node:" + incarnation;
  }

  /** The channel on which every node hears what nodes tell each other. */
  public String control() {
    return channels + "control";
  }

  /** The hash with the leases of all nodes: see node-renew.lua. */
  public String nodes() {
    return prefix + "nodes";
  }

  /** The hash with all blocks; see revoke.lua. */
  public String revoked() {
    return prefix + "revoked";
  }

  private static String key(String prefix, Destination destination, String kind) {
    return prefix + '{' + destination.value() + '}' + kind;
  }
}
