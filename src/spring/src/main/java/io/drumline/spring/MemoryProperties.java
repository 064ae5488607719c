package io.drumline.spring;

import io.drumline.backplane.MemoryLimits;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.util.unit.DataSize;

/**
 * Settings of the memory backplane.
 *
 * @param historyLimit Most bytes that all destinations of the node may take, with what is kept to
 *     remember them; beyond it those that were not used for long lose their history early. A
 *     quarter of the Java heap by default.
 * @param sessionLimit Most bytes that the positions of shared sessions may take; beyond it the
 *     sessions that were not used for longest are forgotten early. A sixteenth of the Java heap by
 *     default.
 */
@ConfigurationProperties("drumline.memory")
public record MemoryProperties(@Nullable DataSize historyLimit, @Nullable DataSize sessionLimit) {

  public MemoryProperties {
    atLeastOneMegabyte("history-limit", historyLimit);
    atLeastOneMegabyte("session-limit", sessionLimit);
  }

  private static void atLeastOneMegabyte(String name, @Nullable DataSize limit) {
    if (limit != null && limit.compareTo(DataSize.ofMegabytes(1)) < 0) {
      throw new IllegalArgumentException("drumline.memory." + name + " must be at least 1MB");
    }
  }

  /** The limits for the backplane. */
  public MemoryLimits limits() {
    return new MemoryLimits(
        historyLimit == null ? MemoryLimits.DEFAULTS.history() : historyLimit.toBytes(),
        sessionLimit == null ? MemoryLimits.DEFAULTS.sessions() : sessionLimit.toBytes());
  }
}
