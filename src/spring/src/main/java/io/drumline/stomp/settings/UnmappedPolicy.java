package io.drumline.stomp.settings;

/** The answer to a frame for an application destination that no method is mapped to. */
public enum UnmappedPolicy {
  /** An ERROR that names the destination. */
  REFUSE,
  /** No error, as in Spring: the client gets its RECEIPT. */
  IGNORE
}
