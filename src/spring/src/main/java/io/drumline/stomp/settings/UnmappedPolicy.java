package io.drumline.stomp.settings;

/**
 * What a client is told whose frame is for an application destination that nothing is mapped to.
 */
public enum UnmappedPolicy {
  /** It gets an ERROR that names the destination. */
  REFUSE,
  /** Nothing, as in Spring: it gets its RECEIPT. */
  IGNORE
}
