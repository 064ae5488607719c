package io.drumline.conformance;

import io.drumline.testing.StompClient;
import io.drumline.testing.StompFrame;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.Parameter;

/**
 * What all groups of cases share: clients on the near and on the far node.
 *
 * <p>A name such as S05 is a case's number in the list of what a STOMP server must pass: W
 * carriage, C connecting, H heart-beats, S frames, R receipts, A acknowledgement, T transactions, V
 * versions.
 */
abstract class Conformance {
  @Parameter Mode mode;

  private final List<StompClient> clients = new ArrayList<>();

  @AfterEach
  void hangUp() {
    clients.forEach(StompClient::close);
  }

  /** A WebSocket to the near node on which nothing was sent. */
  StompClient open(String... protocols) {
    return kept(StompClient.open(mode.nearPort(), mode.carriage, protocols));
  }

  /** A STOMP 1.2 client of the near node. */
  StompClient near() {
    return near("1.2");
  }

  StompClient near(String version) {
    return open().connect(version);
  }

  /** A STOMP 1.2 client of the far node, which is the near one where there is only one. */
  StompClient far() {
    return far("1.2");
  }

  StompClient far(String version) {
    return kept(StompClient.open(mode.farPort(), mode.carriage)).connect(version);
  }

  StompClient kept(StompClient client) {
    clients.add(client);
    return client;
  }

  /** A destination that nobody has used. */
  static String topic() {
    return "/topic/conformance." + UUID.randomUUID();
  }

  /** The ERROR that a STOMP 1.2 client gets for this frame, followed by the close. */
  StompFrame refused(String frame) {
    return refused("1.2", frame);
  }

  StompFrame refused(String version, String frame) {
    StompClient client = near(version);
    client.send(frame);
    return client.expectErrorAndClose();
  }

  /** What a subscriber on the far node gets when the near one is sent a message like this. */
  StompFrame delivered(String headerLines, String body) {
    return delivered("1.2", headerLines, body, "1.2");
  }

  StompFrame delivered(String from, String headerLines, String body, String to) {
    String topic = topic();
    StompClient subscriber = far(to);
    subscriber.subscribe("s1", topic);
    near(from).send("SEND\ndestination:" + topic + "\n" + headerLines + "\n" + body + "\0");
    return subscriber.expect("MESSAGE", "destination:" + topic);
  }
}
