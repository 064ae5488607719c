package io.drumline.hub;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.backplane.MemoryBackplane;
import io.drumline.backplane.MemoryProperties;
import io.drumline.backplane.MessageIds;
import io.drumline.backplane.Retentions;
import io.drumline.message.CloseCode;
import io.drumline.message.Destination;
import io.drumline.message.Gap;
import io.drumline.message.Position;
import io.drumline.message.Publication;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

/** Clients of one event loop that do not read, on a node that may hold 100 KB for all of them. */
class OutboundBudgetTest {
  private static final long LIMIT = 100 * 1024;

  private record Format(String name) implements FrameFormat {
    @Override
    public void encode(Publication publication, ByteBuf out) {
      out.writeBytes(publication.body());
    }

    @Override
    public void encode(Gap gap, Destination destination, ByteBuf out) {}
  }

  /** A socket whose client reads only what it is told to. */
  private static final class Socket extends EmbeddedChannel {
    boolean reads;

    @Override
    protected void doWrite(ChannelOutboundBuffer in) throws Exception {
      if (reads) {
        super.doWrite(in);
      }
    }
  }

  private final FakeLoop loop = new FakeLoop();
  private final Hub hub =
      new Hub(
          FakeLoop.unwatched(List.of(loop.loop()), PooledByteBufAllocator.DEFAULT),
          new MemoryBackplane(
              new MessageIds(),
              Retentions.DEFAULTS,
              new MemoryProperties(null, null),
              new SimpleMeterRegistry()),
          new MessageIds(),
          new Binder(
                  new MapConfigurationPropertySource(
                      Map.of(
                          "drumline.hub.outbound-limit",
                          "100KB",
                          "drumline.hub.node-outbound-limit",
                          "100KB")))
              .bindOrCreate("drumline.hub", HubProperties.class),
          new SimpleMeterRegistry(),
          null);
  private final Shard shard = Objects.requireNonNull(hub.shard(loop.loop()));
  private final List<Socket> sockets = new ArrayList<>();
  private final List<Connection> connections = new ArrayList<>();

  @AfterEach
  void close() {
    sockets.forEach(
        socket -> {
          socket.reads = true;
          socket.close(); // what still waits fails, as it must
          socket.releaseOutbound();
        });
    loop.close();
  }

  @Test
  void bufferThatManyWaitForCountsOnce() {
    ShardTopic topic = topic("/topic/a");
    for (int i = 0; i < 1_000; i++) {
      subscribe(topic, "f");
    }
    for (int i = 0; i < 5; i++) {
      deliver(topic, 10_000);
    }
    assertThat(hub.budget().used()).isBetween(50_000L, LIMIT);
    assertThat(connections).allMatch(Connection::open);
  }

  @Test
  void whoHoldsTheOldestBufferPaysFirst() {
    ShardTopic old = topic("/topic/old");
    ShardTopic young = topic("/topic/young");
    Connection oldest = subscribe(old, "a");
    Connection younger = subscribe(young, "b");
    deliver(old, 14_000);
    deliver(young, 30_000);
    deliver(young, 30_000);
    assertThat(hub.budget().exceeded()).isFalse();
    deliver(young, 30_000);
    pay();
    assertThat(oldest.closeCode()).isEqualTo(CloseCode.SLOW_CONSUMER.code());
    assertThat(younger.open()).isTrue(); // it holds more, but nothing so old
    assertThat(hub.budget().closes.sum()).isEqualTo(1);
  }

  @Test
  void ofThoseWithTheSameBufferTheOneWithMostPaysFirst() {
    ShardTopic shared = topic("/topic/shared");
    Connection less = subscribe(shared, "a");
    Connection more = subscribe(shared, "a");
    deliver(shared, 50_000);
    send(more, 12_000);
    ShardTopic third = topic("/topic/third");
    subscribe(third, "c");
    deliver(third, 60_000);
    pay();
    assertThat(more.open()).isFalse();
    assertThat(less.open()).isTrue();
  }

  @Test
  void whatWasSentCountsNoMore() {
    ShardTopic topic = topic("/topic/a");
    subscribe(topic, "f");
    deliver(topic, 30_000);
    send(connections.get(0), 5_000);
    assertThat(hub.budget().used()).isGreaterThan(35_000);
    sockets.get(0).reads = true;
    sockets.get(0).flush();
    sockets.get(0).releaseOutbound();
    loop.run(shard::sweepQueues);
    assertThat(hub.budget().used()).isZero();
  }

  @Test
  void farAboveTheLimitMemoryComesBackAtOnce() {
    ShardTopic topic = topic("/topic/a");
    for (int i = 0; i < 4; i++) {
      subscribe(topic, "f" + i);
    }
    deliver(topic, 60_000); // 240 KB for four groups
    pay();
    assertThat(sockets.stream().filter(Socket::isOpen).count()).isLessThanOrEqualTo(1);
    loop.run(shard::sweepQueues);
    assertThat(hub.budget().used()).isLessThanOrEqualTo(LIMIT);
    assertThat(connections.stream().filter(Connection::open).count()).isEqualTo(1);
  }

  private ShardTopic topic(String destination) {
    return new ShardTopic(shard, Destination.of(destination));
  }

  private Connection subscribe(ShardTopic topic, String format) {
    Socket socket = new Socket();
    sockets.add(socket);
    Connection connection = new Connection(socket, shard, "session-" + connections.size(), false);
    connections.add(connection);
    loop.run(
        () -> {
          shard.add(connection);
          topic.add(
              new Subscription(
                  connection,
                  topic,
                  new Group.Key(new Format(format), false, false),
                  Start.LIVE,
                  null));
        });
    return connection;
  }

  private void deliver(ShardTopic topic, int bytes) {
    Publication publication =
        new Publication(
            topic.destination,
            Position.NONE,
            "",
            "id",
            0,
            new byte[0],
            "x".repeat(bytes).getBytes(US_ASCII),
            null);
    loop.run(() -> topic.deliver(publication, Frames.Payload.TEXT));
    loop.runAll();
  }

  private void send(Connection connection, int bytes) {
    ByteBuf frame = PooledByteBufAllocator.DEFAULT.directBuffer(bytes).writeZero(bytes);
    loop.run(() -> connection.write(frame));
    loop.runAll();
  }

  /** Time passes until the budget is looked at again. */
  private void pay() {
    loop.run(shard::payOutbound);
    loop.runAll();
    sockets.forEach(EmbeddedChannel::runPendingTasks);
    sockets.stream()
        .filter(socket -> !socket.isOpen())
        .forEach(socket -> connections.get(sockets.indexOf(socket)).ended());
  }
}
