package io.drumline.backplane;

/**
 * What the memory backplane may take, in bytes.
 *
 * @param history all destinations of the node, with what is kept to remember them; beyond it those
 *     that were not used for long lose their history early
 * @param sessions the positions of shared sessions; beyond it the sessions that were not used for
 *     longest are forgotten early
 */
public record MemoryLimits(long history, long sessions) {
  /** A quarter and a sixteenth of the Java heap. */
  public static final MemoryLimits DEFAULTS =
      new MemoryLimits(Runtime.getRuntime().maxMemory() / 4, Runtime.getRuntime().maxMemory() / 16);
}
