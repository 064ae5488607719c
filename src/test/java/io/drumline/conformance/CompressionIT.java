package io.drumline.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.RawWebSocket;
import io.drumline.testing.StompClient;
import io.drumline.testing.StompClient.Carriage;
import java.io.IOException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** A node that compresses, with clients that ask for it and others. */
final class CompressionIT {

  @Test
  @DisplayName("W16 permessage-deflate offered and taken: the session works")
  void compressesForThoseWhoAsk() throws IOException {
    int port = Cluster.start("--drumline.backplane=memory", "--drumline.listener.compression=true");
    RawWebSocket socket =
        RawWebSocket.to(port)
            .header("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits")
            .connect();
    try (StompClient compressed = new StompClient(socket, Carriage.TEXT).connect("1.2");
        StompClient plain = StompClient.open(port, Carriage.BINARY).connect("1.2")) {
      assertThat(compressed.extensions()).startsWith("permessage-deflate");
      assertThat(plain.extensions()).isEmpty();
      compressed.subscribe("s1", "/topic/deflated");
      plain.subscribe("s1", "/topic/deflated");

      for (int i = 0; i < 20; i++) {
        String body = "compress me, é 漢 ".repeat(i * 50) + i;
        plain.publish("/topic/deflated", body);
        compressed.expectMessage(body);
        plain.expectMessage(body);
      }
      compressed.command("FROB");
      compressed.expectErrorAndClose();
    }
  }
}
