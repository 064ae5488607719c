package io.drumline.hub;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.drumline.backplane.MessageIds;
import io.drumline.hub.order.Start;
import io.drumline.message.Destination;
import io.drumline.message.Gap;
import io.drumline.message.Publication;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/** A hub on one loop that runs, and whose time passes, when the test says so. */
final class FakeHub implements AutoCloseable {
  private static final long TICK_MILLIS = 100;

  /** The body alone, and of a gap its reason. */
  private final FrameFormat format =
      new FrameFormat() {
        @Override
        public void encode(Publication publication, ByteBuf out) {
          if (failures > 0) {
            failures--;
            throw new OutOfMemoryError("on purpose");
          }
          out.writeBytes(publication.body());
        }

        @Override
        public void encode(Gap gap, Destination destination, ByteBuf out) {
          out.writeBytes(("gap:" + gap.reason().text()).getBytes(US_ASCII));
        }
      };

  /** A client's socket, which may stop to read. */
  static final class Socket extends EmbeddedChannel {
    private boolean reads = true;

    Socket() {
      super(
          new ChannelInboundHandlerAdapter() {
            @Override
            @SuppressWarnings("deprecation") // deprecated in ChannelHandler only
            public void exceptionCaught(ChannelHandlerContext context, Throwable e)
                throws Exception {
              if (!(e instanceof ClosedChannelException)) { // writes that the closing cuts off
                super.exceptionCaught(context, e);
              }
            }
          });
    }

    void reads(boolean on) {
      reads = on;
      if (on) {
        flush();
      }
    }

    @Override
    protected void doWrite(ChannelOutboundBuffer in) throws Exception {
      if (reads) {
        super.doWrite(in);
      }
    }

    /** What the client has read: payloads, those longer than 20 bytes by first byte and length. */
    List<String> received() {
      ByteBuf all = Unpooled.buffer();
      for (ByteBuf part; (part = readOutbound()) != null; part.release()) {
        all.writeBytes(part, part.readerIndex(), part.readableBytes());
      }
      List<String> payloads = new ArrayList<>();
      while (all.isReadable()) {
        int kind = all.readUnsignedByte();
        int length = all.readUnsignedByte();
        length =
            length < 126 ? length : length == 126 ? all.readUnsignedShort() : (int) all.readLong();
        String payload = all.readCharSequence(length, US_ASCII).toString();
        payloads.add(
            kind == 0x88
                ? "close " + ((payload.charAt(0) << 8) | (payload.charAt(1) & 0xFF))
                : length > 20 ? payload.charAt(0) + "*" + length : payload);
      }
      return payloads;
    }
  }

  final FakeBackplane backplane = new FakeBackplane();
  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  final Hub hub;
  private final EmbeddedChannel turns = new EmbeddedChannel();
  private final List<Socket> sockets = new ArrayList<>();
  private final Shard shard;
  private int failures;

  FakeHub(Map<String, String> settings) {
    turns.freezeTime();
    hub =
        new Hub(
            FakeLoop.unwatched(List.of(turns.eventLoop()), PooledByteBufAllocator.DEFAULT),
            backplane,
            new MessageIds(),
            properties(settings),
            meters,
            null);
    backplane.start(hub);
    shard = Objects.requireNonNull(hub.shard(turns.eventLoop()));
  }

  static HubSettings properties(Map<String, String> settings) {
    return TestSettings.hub(settings);
  }

  Socket socket() {
    Socket socket = new Socket();
    sockets.add(socket);
    return socket;
  }

  Connection connect(Socket socket) {
    Connection connection =
        new Connection(socket, shard.loop, shard, "session-" + sockets.size(), Compression.NONE);
    shard.add(connection);
    return connection;
  }

  Subscription subscribe(Connection connection, Destination destination, Start start) {
    return hub.subscribe(connection, destination, format, start, null);
  }

  /** So many messages cannot be encoded from now on. */
  void failToEncode(int times) {
    failures = times;
  }

  /** Runs what waits. */
  void turn() {
    turns.runPendingTasks();
  }

  /** Lets time pass, tick by tick. */
  void pass(long millis) {
    for (long left = millis; left > 0; left -= TICK_MILLIS) {
      turns.advanceTimeBy(Math.min(left, TICK_MILLIS), TimeUnit.MILLISECONDS);
      turns.runScheduledPendingTasks();
      turns.runPendingTasks();
    }
  }

  Shard shard() {
    return shard;
  }

  double gauge(String name) {
    return meters.get(name).gauge().value();
  }

  double metric(String name) {
    return meters.get(name).functionCounter().count();
  }

  @Override
  public void close() {
    turn(); // writes what was delivered
    sockets.forEach(EmbeddedChannel::finishAndReleaseAll);
    pass(TICK_MILLIS); // in which the hub lets go of what was sent
    turns.finishAndReleaseAll();
  }
}
