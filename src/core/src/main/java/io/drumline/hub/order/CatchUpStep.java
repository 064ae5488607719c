package io.drumline.hub.order;

/** Which part of the history a joiner requests. */
public enum CatchUpStep {
  FIRST,
  /** It has received a part before. */
  NEXT
}
