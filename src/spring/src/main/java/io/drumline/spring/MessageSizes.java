package io.drumline.spring;

import io.drumline.security.WrongSettingException;
import io.drumline.stomp.settings.StompProperties;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.Environment;
import org.springframework.util.unit.DataSize;

/**
 * Checks that the largest message that clients may send fits within all other limits: else a single
 * message would be rejected, or close a connection, again and again.
 */
final class MessageSizes {
  private static final String LARGEST = "drumline.stomp.max-body-size";

  private final DataSize largest;

  /**
   * @throws WrongSettingException if two settings contradict each other
   */
  MessageSizes(StompProperties stomp, HubProperties hub, Environment environment) {
    largest = stomp.maxBodySize();
    require("drumline.hub.outbound-limit", hub.outboundLimit());
    require("drumline.hub.backlog-limit", hub.backlogLimit());
    require("drumline.hub.catch-up-limit", hub.catchUpLimit());
    require("drumline.stomp.inbound-limit", stomp.inboundLimit());
    Binder binder = Binder.get(environment);
    for (String name :
        new String[] {"drumline.memory.history-limit", "drumline.redis.request-queue-size"}) {
      binder.bind(name, DataSize.class).ifBound(size -> require(name, size));
    }
  }

  private void require(String name, DataSize size) {
    if (size.compareTo(largest) < 0) {
      throw new WrongSettingException(
          name
              + " ("
              + size
              + ") must be at least "
              + LARGEST
              + " ("
              + largest
              + "), or one message does not fit.");
    }
  }
}
