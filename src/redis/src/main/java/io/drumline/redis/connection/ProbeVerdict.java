package io.drumline.redis.connection;

/** What the latest probes show about the two connections that they use. */
public enum ProbeVerdict {
  /** The last probe has arrived. */
  ALIVE,
  /** No probe has arrived yet, and it is too early to tell why. */
  PENDING,
  /** Redis accepts the probes, but they do not arrive. */
  SUBSCRIBER_SILENT,
  /** Redis does not answer the probes, whether they arrive or not. */
  PUBLISHER_SILENT
}
