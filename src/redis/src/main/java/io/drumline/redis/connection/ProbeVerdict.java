package io.drumline.redis.connection;

/** What the probes so far say of the two connections that they go through. */
public enum ProbeVerdict {
  /** The last one came back. */
  ALIVE,
  /** Nothing came back yet, and it is too early to say why. */
  PENDING,
  /** Redis took the probes, but they do not come back. */
  SUBSCRIBER_SILENT,
  /** Redis does not answer them, whether they come back or not. */
  PUBLISHER_SILENT
}
