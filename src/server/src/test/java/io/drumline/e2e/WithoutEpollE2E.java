package io.drumline.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.StompClient;
import io.drumline.testing.StompClient.Carriage;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A node where Netty has no native transport, as on macOS, with Redis. */
final class WithoutEpollE2E {
  @Test
  void servesClientsAndReachesRedis() {
    try (RedisProcess redis = new RedisProcess();
        NodeProcess node =
            NodeProcess.clustered(
                "portable", List.of("-Dio.netty.transport.noNative=true"), redis.url())) {
      node.ready();
      assertThat(node.log()).anyMatch(line -> line.contains("nio transport"));
      try (StompClient client =
          StompClient.open(node.clientPort(), Carriage.TEXT, "v12.stomp").connect("1.2")) {
        client.subscribe("1", "/topic/portable");
        client.publish("/topic/portable", "hello");
        client.expectMessage("hello");
      }
    }
  }
}
