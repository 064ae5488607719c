package io.drumline.redis.status;

/** The kinds of operations that the node performs on Redis. */
public enum Operation {
  PUBLISH("a message", "the write"),
  READ("a read of history", "the read"),
  SESSION("a shared session", "the command"),
  LEASE("the lease of this node", "the command"),
  BLOCK("a command about blocked users", "the command"),
  NOTICE("a notice to other nodes", "the command"),
  /** Connecting, and loading the scripts. */
  CONNECT("this node's connection", "this node's connection"),
  SUBSCRIBE("a subscription to a channel", "this node's subscription"),
  PROBE("the node's probe of its connections (PUBLISH)", "this node's commands");

  private final String logged;
  private final String object;

  Operation(String logged, String object) {
    this.logged = logged;
    this.object = object;
  }

  /** Its name in the log and in health, such as {@code a message}. */
  String logged() {
    return logged;
  }

  /** Its name in sentences for clients, such as {@code the write}. */
  String object() {
    return object;
  }

  /** Whether nothing can be published without it. */
  boolean isForAll() {
    return this == CONNECT || this == SUBSCRIBE || this == PROBE;
  }
}
