package io.drumline.redis.format;

import io.drumline.message.Destination;

/**
 * The names of all keys and channels in Redis. A destination's keys contain it as their hash tag,
 * so that they share a slot of a Redis Cluster.
 *
 * @param prefix of every key
 * @param channels prefix of every channel
 */
public record RedisKeys(String prefix, String channels) {

  /** For database 0. */
  public RedisKeys(String prefix) {
    this(prefix, prefix);
  }

  /**
   * For a given database. Channels are shared by all databases of a Redis, so the channel names for
   * databases other than 0 contain the number.
   */
  public static RedisKeys in(int database, String prefix) {
    return database == 0
        ? new RedisKeys(prefix)
        : new RedisKeys(prefix, prefix + "db" + database + ':');
  }

  /** Whether a destination's channel has another prefix than its keys. */
  public boolean hasOtherChannels() {
    return !channels.equals(prefix);
  }

  /** The channel of a destination's publications. */
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

  /** The outcome of the message to which a publisher gave this id. */
  public String published(Destination destination, String publisherId) {
    return key(prefix, destination, ":i:" + publisherId);
  }

  /** The channel for one node run's probes of its pub/sub connection. */
  public String probe(String incarnation) {
    return channels + "probe:" + incarnation;
  }

  /** The hash with a client-id's user, newest connection and positions. */
  public String session(String clientId) {
    return prefix + "session:" + clientId;
  }

  /** The channel for notices to one run of a node. */
  public String node(String incarnation) {
    return channels + "node:" + incarnation;
  }

  /** The channel for notices to all nodes. */
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
