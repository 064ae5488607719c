package io.drumline.hub;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.drumline.backplane.MemoryBackplane;
import io.drumline.backplane.MemoryLimits;
import io.drumline.backplane.MessageIds;
import io.drumline.backplane.Retentions;
import io.drumline.hub.order.Start;
import io.drumline.message.CloseCode;
import io.drumline.message.Destination;
import io.drumline.message.Gap;
import io.drumline.message.Position;
import io.drumline.message.Publication;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.SslHandler;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Clients that do not read, on a node that may hold 100 KB for all of them. Two event loops, which
 * run when the test says so; the clients are on the first, unless it says otherwise.
 */
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

  /** Makes another buffer of each, as TLS does. */
  private static final class Encryption extends SslHandler {
    Encryption() throws NoSuchAlgorithmException {
      super(SSLContext.getDefault().createSSLEngine());
      engine().setUseClientMode(false);
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
      ByteBuf plain = (ByteBuf) message;
      context.write(plain.copy(), promise);
      plain.release();
    }

    @Override
    public void flush(ChannelHandlerContext context) {
      context.flush();
    }
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
  private final FakeLoop other = new FakeLoop();
  private final Hub hub =
      new Hub(
          FakeLoop.unwatched(List.of(loop.loop(), other.loop()), PooledByteBufAllocator.DEFAULT),
          new MemoryBackplane(
              new MessageIds(),
              Retentions.DEFAULTS,
              MemoryLimits.DEFAULTS,
              new SimpleMeterRegistry()),
          new MessageIds(),
          TestSettings.hub(
              Map.of(
                  "drumline.hub.outbound-limit",
                  "100KB",
                  "drumline.hub.node-outbound-limit",
                  "100KB")),
          new SimpleMeterRegistry(),
          null);
  private final Shard shard = Objects.requireNonNull(hub.shard(loop.loop()));
  private final Shard otherShard = Objects.requireNonNull(hub.shard(other.loop()));
  private final List<Socket> sockets = new ArrayList<>();
  private long later = System.nanoTime();
  private final List<Connection> connections = new ArrayList<>();

  @AfterEach
  void close() {
    sockets.forEach(
        socket -> {
          socket.reads = true;
          socket.close(); // what still waits fails, as it must
          socket.releaseOutbound();
        });
    end();
    loop.close();
    other.close();
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
    assertThat(hub.payments().budget().used()).isBetween(50_000L, LIMIT);
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
    assertThat(hub.payments().budget().exceeded()).isFalse();
    deliver(young, 30_000);
    pay();
    assertThat(oldest.closeCode()).isEqualTo(CloseCode.SLOW_CONSUMER.code());
    assertThat(younger.open()).isTrue(); // it holds more, but nothing so old
    assertThat(hub.payments().budget().closes.sum()).isEqualTo(1);
  }

  @Test
  void ofThoseWithTheSameBufferTheOneWithMostPaysFirst() {
    ShardTopic shared = topic("/topic/shared");
    Connection less = subscribe(shared, "a");
    Connection more = subscribe(shared, "a");
    deliver(shared, 50_000);
    send(more, 32_000);
    ShardTopic third = topic("/topic/third");
    subscribe(third, "c");
    deliver(third, 10_000);
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
    assertThat(hub.payments().budget().used()).isGreaterThan(35_000);
    sockets.get(0).reads = true;
    sockets.get(0).flush();
    sockets.get(0).releaseOutbound();
    loop.run(shard.loop.queues::sweep);
    assertThat(hub.payments().budget().used()).isZero();
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
    loop.run(shard.loop.queues::sweep);
    assertThat(hub.payments().budget().used()).isLessThanOrEqualTo(LIMIT);
    assertThat(connections.stream().filter(Connection::open).count()).isEqualTo(1);
  }

  @Test
  void thoseThatAreClosedAlreadyPayFirst() {
    Connection kicked = stalled(shard, 40_000);
    Connection left = stalled(shard, 40_000);
    Connection open = stalled(shard, 20_000);
    loop.run(() -> kicked.close(CloseCode.KICKED, "Bye."));
    loop.run(() -> left.peerClosed(1000));
    Connection late = stalled(otherShard, 5_000);
    assertThat(hub.payments().budget().over()).isTrue();
    pay();
    assertThat(open.open()).isTrue();
    assertThat(late.open()).isTrue();
    assertThat(sockets).allMatch(Socket::isOpen);
    await() // they are given up on after a second, not after eight
        .atMost(Duration.ofSeconds(7))
        .until(
            () -> {
              loop.run(shard.loop.wheel::advance);
              end();
              return sockets.stream().filter(Socket::isOpen).count() == 2;
            });
    assertThat(hub.payments().budget().exceeded()).isFalse();
    loop.run(shard.loop.queues::sweep);
    assertThat(hub.payments().budget().used()).isBetween(25_000L, 40_000L);
    stalled(shard, 80_000);
    assertThat(hub.payments().budget().exceeded()).isTrue(); // what is gone is waited for no more
  }

  @Test
  void farAboveTheLimitThoseThatAreClosedEndAtOnce() {
    Connection kicked = stalled(shard, 100_000);
    loop.run(() -> kicked.close(CloseCode.KICKED, "Bye."));
    Connection open = stalled(shard, 40_000);
    pay();
    assertThat(sockets.get(0).isOpen()).isFalse();
    assertThat(open.open()).isTrue();
  }

  @Test
  void theEventLoopWhoseOpenConnectionHoldsTheOldestPays() {
    Connection kicked = stalled(shard, 30_000);
    loop.run(() -> kicked.close(CloseCode.KICKED, "Bye."));
    Connection oldest = stalled(otherShard, 50_000);
    Connection younger = stalled(shard, 60_000);
    pay(); // far above the limit: what is closed is dropped
    pay();
    assertThat(oldest.open()).isFalse();
    assertThat(younger.open()).isTrue();
  }

  @Test
  void nextEventLoopPaysWhereOneIsNotEnough() {
    Connection oldest = stalled(otherShard, 10_000);
    Connection second = stalled(shard, 10_000);
    Connection third = stalled(otherShard, 95_000);
    pay();
    assertThat(List.of(oldest, second)).noneMatch(Connection::open);
    assertThat(third.open()).isTrue();
  }

  @Test
  void eventLoopThatIsTooBusyKeepsNoneWaiting() {
    Connection busy = stalled(otherShard, 60_000);
    Connection here = stalled(shard, 60_000);
    other.rejecting(true);
    pay(); // asks both
    pay(); // goes on without the other
    other.rejecting(false);
    assertThat(busy.open()).isTrue();
    assertThat(here.open()).isFalse();
  }

  @Test
  void encryptedBytesHaveAnAge() throws Exception {
    Socket socket = new Socket();
    socket.pipeline().addLast(new Encryption());
    Connection encrypted = connect(otherShard, socket);
    send(encrypted, 60_000);
    Connection plain = stalled(shard, 60_000);
    pay();
    assertThat(encrypted.open()).isFalse();
    assertThat(plain.open()).isTrue();
  }

  private ShardTopic topic(String destination) {
    return shard.newTopic(Destination.of(destination));
  }

  /** A client that does not read so many bytes. */
  private Connection stalled(Shard on, int bytes) {
    Connection connection = connect(on, new Socket());
    send(connection, bytes);
    return connection;
  }

  private Connection connect(Shard on, Socket socket) {
    sockets.add(socket);
    Connection connection =
        new Connection(socket, on.loop, on, "session-" + connections.size(), Compression.NONE);
    connections.add(connection);
    loopOf(connection).run(() -> on.add(connection));
    return connection;
  }

  private FakeLoop loopOf(Connection connection) {
    return connection.loop() == shard.loop ? loop : other;
  }

  private Connection subscribe(ShardTopic topic, String format) {
    Connection connection = connect(shard, new Socket());
    loop.run(
        () -> {
          topic.add(
              new Subscription(
                  shard.connections.subscriber(connection),
                  topic,
                  new GroupKey(new Format(format), Compression.NONE, false),
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
    ByteBuf frame = PooledByteBufAllocator.DEFAULT.directBuffer(bytes, bytes).writeZero(bytes);
    loopOf(connection).run(() -> connection.write(frame));
    loopOf(connection).run(connection::flush);
    loopOf(connection).run(connection.loop().queues::sweep);
  }

  /** Time passes until the budget is looked at again. */
  private void pay() {
    loop.run(() -> hub.payments().pay(later += 1_000_000_000));
    for (int i = 0; i < 5; i++) {
      loop.runAll();
      other.runAll();
    }
    end();
  }

  /** The listener sees that sockets have ended. */
  private void end() {
    sockets.forEach(EmbeddedChannel::runPendingTasks);
    sockets.stream()
        .filter(socket -> !socket.isOpen())
        .forEach(socket -> connections.get(sockets.indexOf(socket)).ended());
  }
}
