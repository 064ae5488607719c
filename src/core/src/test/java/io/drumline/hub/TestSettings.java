package io.drumline.hub;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Settings of a hub as operators write them; those that are not given are the defaults. */
final class TestSettings {
  private final Map<String, String> given;
  private final Set<String> unread;

  private TestSettings(Map<String, String> given) {
    this.given = given;
    unread = new TreeSet<>(given.keySet());
  }

  /**
   * Settings of a hub.
   *
   * @param given such as {@code drumline.hub.linger=0s}
   */
  static HubSettings hub(Map<String, String> given) {
    TestSettings settings = new TestSettings(given);
    long outbound = settings.bytes("outbound-limit", 1 << 20);
    HubSettings hub =
        new HubSettings(
            0,
            outbound,
            settings.bytes("node-outbound-limit", HubSettings.defaultNodeOutboundLimit(outbound)),
            settings.bytes("backlog-limit", 64 << 20),
            settings.bytes("catch-up-limit", 64 << 20),
            Integer.parseInt(settings.value("max-reads", "32")),
            settings.duration("idle-check", 5),
            settings.duration("pause-limit", 10),
            settings.duration("linger", 5));
    if (!settings.unread.isEmpty()) {
      throw new IllegalArgumentException("There are no settings " + settings.unread);
    }
    return hub;
  }

  private String value(String name, String otherwise) {
    unread.remove("drumline.hub." + name);
    return given.getOrDefault("drumline.hub." + name, otherwise);
  }

  private long bytes(String name, long otherwise) {
    String value = value(name, otherwise + "B");
    if (value.endsWith("MB")) {
      return Long.parseLong(value.substring(0, value.length() - 2)) << 20;
    }
    return value.endsWith("KB")
        ? Long.parseLong(value.substring(0, value.length() - 2)) << 10
        : Long.parseLong(value.substring(0, value.length() - 1));
  }

  private Duration duration(String name, long otherwise) {
    return Duration.parse("PT" + value(name, otherwise + "s"));
  }
}
