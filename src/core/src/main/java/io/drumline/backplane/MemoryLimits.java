package io.drumline.backplane;

/**
 * The memory limits of the memory backplane, in bytes.
 *
 * @param history for all destinations of the node, including bookkeeping; beyond it the least
 *     recently used lose their history early
 * @param sessions for the positions of shared sessions; beyond it the least recently used sessions
 *     are forgotten early
 */
public record MemoryLimits(long history, long sessions) {
  /** A quarter and a sixteenth of the maximum Java heap. */
  public static final MemoryLimits DEFAULTS =
      new MemoryLimits(Runtime.getRuntime().maxMemory() / 4, Runtime.getRuntime().maxMemory() / 16);
}
