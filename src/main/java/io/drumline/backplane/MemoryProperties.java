package io.drumline.backplane;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.util.unit.DataSize;

/**
 * Settings of the memory backplane.
 *
 * @param historyLimit Most octets that all destinations of the node may take, with what is kept to
 *     remember them; beyond it those that were not used for long lose their history early. A
 *     quarter of the Java heap unless set.
 */
@ConfigurationProperties("drumline.memory")
public record MemoryProperties(@Nullable DataSize historyLimit) {

  public MemoryProperties {
    if (historyLimit != null && historyLimit.compareTo(DataSize.ofMegabytes(1)) < 0) {
      throw new IllegalArgumentException("drumline.memory.history-limit must be at least 1MB");
    }
  }

  long historyOctets() {
    return historyLimit == null ? Runtime.getRuntime().maxMemory() / 4 : historyLimit.toBytes();
  }
}
