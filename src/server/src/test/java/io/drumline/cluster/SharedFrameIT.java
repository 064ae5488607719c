package io.drumline.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.RawWebSocket;
import io.drumline.testing.StompClient;
import io.drumline.testing.StompClient.Carriage;
import io.drumline.testing.StompFrame;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** However frames are shared, every subscriber gets its own right one. */
class SharedFrameIT {
  private record Member(String version, String id, boolean deflates) {}

  /** Of every kind, and two of each. */
  private static final List<Member> MEMBERS =
      Stream.of("1.0", "1.1", "1.2", "1.0", "1.1", "1.2")
          .flatMap(version -> Stream.of("sub-0", "sub-1").map(id -> new Member(version, id, false)))
          .flatMap(plain -> Stream.of(plain, new Member(plain.version, plain.id, true)))
          .toList();

  private static Node node;

  private final List<StompClient> clients = new ArrayList<>();

  @BeforeAll
  static void start() {
    node = Node.alone("drumline.hub.threads=2", "drumline.listener.compression=true");
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  @AfterEach
  void hangUp() {
    clients.forEach(StompClient::close);
  }

  @Test
  void everySubscriberGetsItsOwnIdAndItsVersionsEscapes() throws IOException {
    for (Member member : MEMBERS) {
      client(member.version, member.deflates).subscribe(member.id, "/topic/mixed");
    }
    StompClient publisher = client("1.2", false);
    publisher.publishConfirmed("/topic/mixed", "Grüße", "note:a\\cb\\\\c", "plain:text");

    for (int i = 0; i < MEMBERS.size(); i++) {
      StompFrame message = clients.get(i).expectMessage("Grüße");
      assertThat(message.header("subscription")).isEqualTo(MEMBERS.get(i).id);
      assertThat(message.header("destination")).isEqualTo("/topic/mixed");
      assertThat(message.header("plain")).isEqualTo("text");
      assertThat(message.header("note")).as("%s", MEMBERS.get(i)).isEqualTo("a:b\\c");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 100, 1000, 65_535, 300_000})
  void compressedFrameInflatesToThePlainOne(int size) throws IOException {
    String destination = "/topic/size-" + size;
    StompClient plain = client("1.2", false);
    StompClient deflating = client("1.2", true);
    assertThat(deflating.extensions()).startsWith("permessage-deflate");
    assertThat(plain.extensions()).isEmpty();
    plain.subscribe("sub-0", destination);
    deflating.subscribe("sub-0", destination);
    StringBuilder body = new StringBuilder();
    for (int i = 0; body.length() < size; i++) {
      body.append(Integer.toHexString(i * 0x9E3779B9)).append(' ');
    }
    body.setLength(size);

    StompClient publisher = client("1.2", false);
    // Compressed by itself each time: the second must not lean on the first.
    publisher.publishConfirmed(destination, body.toString());
    publisher.publishConfirmed(destination, body.toString());
    for (int i = 0; i < 2; i++) {
      StompFrame expected = plain.expectMessage(body.toString());
      StompFrame inflated = deflating.expectMessage(body.toString());
      assertThat(inflated.headers()).isEqualTo(expected.headers());
    }
  }

  private StompClient client(String version, boolean deflate) throws IOException {
    RawWebSocket.Request request =
        RawWebSocket.to(node.port()).protocols("v" + version.replace(".", "") + ".stomp");
    if (deflate) {
      request.header("Sec-WebSocket-Extensions", "permessage-deflate");
    }
    StompClient client = new StompClient(request.connect(), Carriage.TEXT).connect(version);
    clients.add(client);
    return client;
  }
}
