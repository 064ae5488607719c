package io.drumline.cluster;

import static io.drumline.cluster.Peer.join;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.drumline.cluster.Swarm.Kind;
import io.drumline.testing.RawWebSocket;
import io.drumline.testing.redis.TestRedis;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Every buffer is released, however its connection ends. */
class LeakIT {
  private static final String CANARY = "left unreleased on purpose";
  private static final String BODY = "x".repeat(8 * 1024);

  private final String destination = "/topic/" + UUID.randomUUID();
  private final ListAppender<ILoggingEvent> reports = new ListAppender<>();
  private ResourceLeakDetector.Level usual;

  @BeforeEach
  void trackEveryBuffer() {
    usual = ResourceLeakDetector.getLevel();
    ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
  }

  @AfterEach
  void trackAsUsual() {
    ResourceLeakDetector.setLevel(usual);
    logger().detachAppender(reports);
    logger().setAdditive(true);
  }

  @Test
  void noBufferIsLostToSlowConsumersAndAbruptEnds() throws IOException {
    try (Node node =
            Node.on(
                TestRedis.url(),
                "drumline.hub.outbound-limit=64KB",
                "drumline.stomp.max-body-size=64KB",
                "drumline.listener.compression=true");
        Swarm swarm = new Swarm()) {
      reports.start();
      logger().addAppender(reports);
      logger().setAdditive(false); // the one below is no news
      busy(node, swarm);
    }
    leak();
    Node.patiently()
        .until(
            () -> {
              System.gc();
              PooledByteBufAllocator.DEFAULT
                  .directBuffer()
                  .release(); // tracking one reports others
              return texts().stream().anyMatch(text -> text.contains(CANARY));
            });
    assertThat(texts()).allMatch(text -> text.contains(CANARY));
  }

  private void busy(Node node, Swarm swarm) throws IOException {
    List<Peer> readers = new ArrayList<>();
    readers.addAll(swarm.connect(node, Kind.PLAIN, 10));
    readers.addAll(swarm.connect(node, Kind.DEFLATING, 10));
    List<Peer> slow = swarm.connect(node, Kind.SMALL_RECEIVE_BUFFER, 10);
    List<Peer> resets = swarm.connect(node, Kind.SMALL_RECEIVE_BUFFER, 10);
    for (List<Peer> peers : List.of(readers, slow, resets)) {
      peers.forEach(peer -> join(peer.subscribe("sub-0", destination)));
    }
    slow.forEach(Peer::stopReading);
    resets.forEach(Peer::stopReading);
    Peer publisher = swarm.connect(node);
    int published = 0;
    while (node.metric("drumline_closes_total{reason=\"slow_consumer\"}") < 20) {
      assertThat(published).as("messages that pile up somewhere").isLessThan(4000);
      // Some are closed while the receipts of these are under way.
      slow.forEach(peer -> peer.publish("/topic/nobody", BODY));
      for (int i = 0; i < 20; i++) {
        join(publisher.publish(destination, BODY));
        published++;
      }
    }
    resets.forEach(Peer::reset);
    slow.forEach(Peer::readOn);
    slow.forEach(peer -> join(peer.closed()));
    endAbruptly(node);
    for (Peer peer : readers) {
      peer.awaitMessages(published);
    }
    node.awaitMetric("drumline_connections", readers.size() + 1);
  }

  /** In the middle of a frame, of a message, of the handshake, and after what is no frame. */
  private static void endAbruptly(Node node) throws IOException {
    byte[] send =
        RawWebSocket.encode(
            RawWebSocket.FIN | RawWebSocket.TEXT,
            true,
            ("CONNECT\naccept-version:1.2\nhost:x\n\n\0SEND\ndestination:/topic/a\n\n" + BODY)
                .getBytes(StandardCharsets.UTF_8));
    for (int i = 0; i < 10; i++) {
      for (int length : new int[] {1, 5, send.length / 2, send.length}) {
        RawWebSocket socket =
            RawWebSocket.to(node.port())
                .protocols("v12.stomp")
                .header("Sec-WebSocket-Extensions", "permessage-deflate")
                .connect();
        socket.raw(Arrays.copyOf(send, length));
        socket.reset();
      }
      RawWebSocket handshake = RawWebSocket.open(node.port());
      handshake.raw("GET /ws HTTP/1.1\r\nHost: x\r\n");
      handshake.reset();
      try (RawWebSocket broken = RawWebSocket.connect(node.port(), "v12.stomp")) {
        broken.raw(new byte[] {(byte) 0xFF, (byte) 0xFF, 1, 2, 3});
        assertThat(broken.next().closeCode()).isEqualTo(1002);
      }
      try (RawWebSocket wrong = RawWebSocket.connect(node.port(), "v12.stomp")) {
        wrong.text("NONSENSE\n\n\0");
        assertThat(wrong.next().text()).startsWith("ERROR");
      }
    }
  }

  private List<String> texts() {
    synchronized (reports) {
      return reports.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }
  }

  /** Shows that what the test looks at would tell. */
  private static void leak() {
    PooledByteBufAllocator.DEFAULT.directBuffer().touch(CANARY);
  }

  private static Logger logger() {
    return (Logger) LoggerFactory.getLogger(ResourceLeakDetector.class);
  }
}
