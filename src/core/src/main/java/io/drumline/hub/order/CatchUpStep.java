package io.drumline.hub.order;

/** Which part of its past a joiner asks for. */
public enum CatchUpStep {
  FIRST,
  /** It was admitted to a part before. */
  NEXT
}
