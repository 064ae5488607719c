package io.drumline.cluster;

import io.drumline.testing.StompClient;
import org.junit.jupiter.api.Test;

/** Destinations stay subscribed for a while without a subscriber, but not any number of them. */
class LingerIT {
  private static final int MOST = 4096;

  @Test
  void aClientThatTriesManyDestinationsLeavesABoundedNumberBehind() {
    try (Node node =
            Node.alone(
                "drumline.hub.threads=1",
                "drumline.hub.linger=1h",
                "drumline.stomp.rate.messages-per-second=0");
        StompClient client = node.client()) {
      for (int i = 0; i < MOST + 500; i++) {
        client.command("SUBSCRIBE", "id:s", "destination:/topic/" + i);
        client.command("UNSUBSCRIBE", "id:s");
      }
      client.subscribe("last", "/topic/last");

      node.awaitMetric("drumline_destinations_lingering", MOST);

      client.subscribe("again", "/topic/" + (MOST + 1));
      client.publish("/topic/" + (MOST + 1), "heard");
      client.expectMessage("heard");
    }
  }
}
