package io.drumline.hub;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.backplane.MemoryBackplane;
import io.drumline.backplane.MemoryLimits;
import io.drumline.backplane.MessageIds;
import io.drumline.backplane.Retentions;
import io.drumline.hub.order.Start;
import io.drumline.message.Destination;
import io.drumline.message.Gap;
import io.drumline.message.Position;
import io.drumline.message.Publication;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** One shard's loop is the first channel's, and runs when the test says so. */
class GroupTest {
  private static final Destination DESTINATION = Destination.of("/topic/a");

  /** Writes its name before the body, and counts. */
  private record Format(String name, AtomicInteger encoded) implements FrameFormat {
    @Override
    public void encode(Publication publication, ByteBuf out) {
      encoded.incrementAndGet();
      out.writeBytes(name.getBytes(US_ASCII)).writeBytes(publication.body());
    }

    @Override
    public void encode(Gap gap, Destination destination, ByteBuf out) {
      encoded.incrementAndGet();
      out.writeBytes((name + gap.reason().text()).getBytes(US_ASCII));
    }
  }

  private final EventLoops loops = new EventLoops(1);
  private final Hub hub =
      new Hub(
          loops,
          new MemoryBackplane(
              new MessageIds(),
              Retentions.DEFAULTS,
              MemoryLimits.DEFAULTS,
              new SimpleMeterRegistry()),
          new MessageIds(),
          TestSettings.hub(Map.of()),
          new SimpleMeterRegistry(),
          null);
  private final EmbeddedChannel turns = new EmbeddedChannel();
  private final Shard shard = hub.newShard(turns.eventLoop(), new LoopCounts());
  private final ShardTopic topic = shard.newTopic(DESTINATION);
  private final List<EmbeddedChannel> channels = new ArrayList<>();
  private final AtomicInteger encoded = new AtomicInteger();
  private final Format format = new Format("f-", encoded);

  @AfterEach
  void close() {
    channels.forEach(EmbeddedChannel::finishAndReleaseAll);
    turns.finishAndReleaseAll();
    shard.loop.queues.sweep(); // which holds a reference to what waits
    loops.close();
  }

  @Test
  void membersOfOneFormatShareOneBuffer() {
    long before = pinned();
    join(format, Compression.NONE);
    join(new Format("f-", encoded), Compression.NONE);
    deliver("1");
    deliver("2");
    assertThat(channels).allMatch(channel -> channel.outboundMessages().isEmpty());
    turn();

    assertThat(encoded).hasValue(2);
    ByteBuf first = channels.get(0).readOutbound();
    ByteBuf second = channels.get(1).readOutbound();
    assertThat(first.memoryAddress()).isEqualTo(second.memoryAddress());
    assertThat(frames(first)).containsExactly("f-1", "f-2");
    assertThat(frames(second)).containsExactly("f-1", "f-2");
    first.release();
    assertThat(pinned()).isGreaterThan(before);
    second.release();
    shard.loop.queues.sweep(); // which counts what waits
    assertThat(pinned()).isEqualTo(before);
  }

  @Test
  void everyFormatHasItsOwnFrames() {
    join(format, Compression.NONE);
    join(new Format("g-", encoded), Compression.NONE);
    deliver("1");
    turn();
    assertThat(read(0)).containsExactly("f-1");
    assertThat(read(1)).containsExactly("g-1");
  }

  @Test
  void compressedMembersShareTheCompressedFrameOfTheSameMessage() throws Exception {
    String body = "again and ".repeat(100);
    join(format, Compression.NONE);
    join(format, Compression.DEFLATE);
    join(format, Compression.DEFLATE);
    deliver(body);
    turn();
    assertThat(encoded).hasValue(2);
    assertThat(read(0)).containsExactly("f-" + body);
    ByteBuf first = channels.get(1).readOutbound();
    ByteBuf second = channels.get(2).readOutbound();
    assertThat(first.memoryAddress()).isEqualTo(second.memoryAddress());
    assertThat(first.getUnsignedByte(0)).isEqualTo((short) 0xC1); // FIN, RSV1, text
    assertThat(first.readableBytes()).isLessThan(100);
    assertThat(inflated(first)).isEqualTo("f-" + body);
    first.release();
    second.release();
  }

  @Test
  void whoComesGetsNothingOfBeforeAndWhoLeavesGetsNothingOfAfter() {
    Subscription early = join(format, Compression.NONE);
    deliver("1");
    join(format, Compression.NONE);
    deliver("2");
    early.cancel();
    early.cancel();
    deliver("3");
    turn();
    assertThat(read(0)).containsExactly("f-1", "f-2");
    assertThat(read(1)).containsExactly("f-2", "f-3");
  }

  @Test
  void lastOneMayLeaveWhileMessagesWait() {
    Subscription only = join(format, Compression.NONE);
    deliver("1");
    only.cancel();
    deliver("2");
    turn();
    assertThat(read(0)).containsExactly("f-1");
  }

  @Test
  void messageForOneSessionReachesItAloneAndInOrder() {
    join(format, Compression.NONE);
    join(format, Compression.NONE);
    deliver("1");
    topic.deliver(publication("2", "session-1"), Frames.Payload.TEXT);
    deliver("3");
    turn();
    assertThat(read(0)).containsExactly("f-1", "f-3");
    assertThat(read(1)).containsExactly("f-1", "f-2", "f-3");
  }

  @Test
  void largeBatchIsWrittenBeforeTheTurnEnds() {
    join(format, Compression.NONE);
    String body = "x".repeat(40_000);
    deliver(body);
    assertThat(channels.get(0).outboundMessages()).isEmpty();
    deliver(body);
    assertThat(channels.get(0).outboundMessages()).hasSize(1);
    deliver("last");
    turn();
    assertThat(read(0)).containsExactly("f-" + body, "f-" + body, "f-last");
  }

  @Test
  void observerSeesEachMessageOfItsOwnMemberOnly() {
    List<String> seen = new ArrayList<>();
    join(
        connection(Compression.NONE),
        format,
        Compression.NONE,
        p -> seen.add(new String(p.body(), US_ASCII)));
    join(format, Compression.NONE);
    deliver("1");
    topic.deliver(publication("2", "session-1"), Frames.Payload.TEXT);
    topic.deliver(publication("3", "session-0"), Frames.Payload.TEXT);
    turn();
    assertThat(seen).containsExactly("1", "3");
  }

  private static long pinned() {
    return PooledByteBufAllocator.DEFAULT.pinnedDirectMemory();
  }

  private Subscription join(FrameFormat wanted, Compression compression) {
    return join(connection(compression), wanted, compression, null);
  }

  private Subscription join(
      Connection connection,
      FrameFormat wanted,
      Compression compression,
      @Nullable Consumer<Publication> observer) {
    GroupKey key = new GroupKey(wanted, compression, false);
    Subscription subscription =
        new Subscription(
            shard.connections.subscriber(connection), topic, key, Start.LIVE, observer);
    topic.add(subscription);
    return subscription;
  }

  private Connection connection(Compression compression) {
    EmbeddedChannel channel = new EmbeddedChannel();
    channels.add(channel);
    Connection connection =
        new Connection(channel, shard.loop, shard, "session-" + (channels.size() - 1), compression);
    shard.add(connection);
    return connection;
  }

  private void deliver(String body) {
    topic.deliver(publication(body, null), Frames.Payload.TEXT);
  }

  private void turn() {
    turns.runPendingTasks();
  }

  private static Publication publication(String body, @Nullable String session) {
    return new Publication(
        DESTINATION, Position.NONE, "", "id", 0, new byte[0], body.getBytes(US_ASCII), session);
  }

  private List<String> read(int channel) {
    ByteBuf all = Unpooled.buffer();
    for (ByteBuf part; (part = channels.get(channel).readOutbound()) != null; part.release()) {
      all.writeBytes(part, part.readerIndex(), part.readableBytes());
    }
    return frames(all);
  }

  /** The payloads of plain frames. */
  private static List<String> frames(ByteBuf bytes) {
    ByteBuf in = bytes.duplicate();
    List<String> payloads = new ArrayList<>();
    while (in.isReadable()) {
      assertThat(in.readUnsignedByte()).isEqualTo((short) 0x81); // FIN, text
      payloads.add(in.readCharSequence(length(in), US_ASCII).toString());
    }
    return payloads;
  }

  private static String inflated(ByteBuf bytes) throws DataFormatException, IOException {
    ByteBuf in = bytes.duplicate().skipBytes(1);
    byte[] payload = new byte[length(in) + 4];
    in.readBytes(payload, 0, payload.length - 4);
    payload[payload.length - 2] = (byte) 0xFF; // RFC 7692, 7.2.2: 00 00 FF FF was cut off
    payload[payload.length - 1] = (byte) 0xFF;
    Inflater inflater = new Inflater(true);
    try (ByteArrayOutputStream plain = new ByteArrayOutputStream()) {
      inflater.setInput(payload);
      byte[] buffer = new byte[4096];
      for (int n; (n = inflater.inflate(buffer)) > 0; ) {
        plain.write(buffer, 0, n);
      }
      return plain.toString(US_ASCII);
    } finally {
      inflater.end();
    }
  }

  private static int length(ByteBuf in) {
    int length = in.readUnsignedByte();
    return length < 126 ? length : length == 126 ? in.readUnsignedShort() : (int) in.readLong();
  }
}
