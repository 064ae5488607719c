package io.drumline.stomp.codec;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

/** Random frames, written by the encoder, cut at random places. A failure names its seed. */
class StompDecoderPropertyTest {
  private static final String TRICKY = "ab:\\ncr\n\r \té€🥁\uFFFD";
  private static final String[] BETWEEN = {"", "\n", "\r\n", "\0", "\n\0\r\n\n"};

  @RepeatedTest(200)
  void readsWhatWasClientFrameHoweverItIsCut() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    ByteBuf stream = Unpooled.buffer();
    List<ClientFrame> sent = new ArrayList<>();
    for (int i = random.nextInt(1, 6); i > 0; i--) {
      ClientFrame frame = frame(random);
      sent.add(frame);
      write(stream, frame, random.nextBoolean() ? "\n" : "\r\n", random.nextBoolean());
      stream.writeCharSequence(BETWEEN[random.nextInt(BETWEEN.length)], US_ASCII);
    }

    List<ClientFrame> read = decode(stream, random);

    assertThat(read).as("seed %d", seed).hasSameSizeAs(sent);
    for (int i = 0; i < sent.size(); i++) {
      assertThat(read.get(i).command()).as("seed %d", seed).isEqualTo(sent.get(i).command());
      assertThat(read.get(i).headers()).as("seed %d", seed).isEqualTo(sent.get(i).headers());
      assertThat(read.get(i).body()).as("seed %d", seed).isEqualTo(sent.get(i).body());
    }
  }

  @Test
  void readsABodyOfAMebibyteInSingleBytes() {
    byte[] body = new byte[1 << 20];
    new Random(1).nextBytes(body);
    ClientFrame frame =
        new ClientFrame(
            ClientCommand.SEND,
            List.of(new Header("content-length", Integer.toString(body.length))),
            body);
    ByteBuf stream = Unpooled.buffer();
    write(stream, frame, "\n", false);
    StompDecoder decoder = decoder();
    List<ClientFrame> read = new ArrayList<>();
    while (stream.isReadable()) {
      decoder.decode(stream.readSlice(1), read::add);
    }

    assertThat(read).hasSize(1);
    assertThat(read.get(0).body()).isEqualTo(body);
  }

  private static List<ClientFrame> decode(ByteBuf stream, Random random) {
    int longest = 1 << random.nextInt(12);
    StompDecoder decoder = decoder();
    List<ClientFrame> read = new ArrayList<>();
    while (stream.isReadable()) {
      int length = Math.min(stream.readableBytes(), random.nextInt(1, longest + 1));
      decoder.decode(stream.readSlice(length), read::add);
    }
    return read;
  }

  private static StompDecoder decoder() {
    StompDecoder decoder = new StompDecoder(StompLimits.DEFAULT);
    decoder.connected(StompVersion.V1_2);
    return decoder;
  }

  private static ClientFrame frame(Random random) {
    ClientCommand command = random.nextBoolean() ? ClientCommand.SEND : ClientCommand.SUBSCRIBE;
    List<Header> headers = new ArrayList<>();
    for (int i = random.nextInt(8); i > 0; i--) {
      int most = random.nextInt(20) == 0 ? 1000 : 20;
      headers.add(new Header(i + text(random, 5), text(random, most)));
    }
    if (command == ClientCommand.SUBSCRIBE) {
      return new ClientFrame(command, headers, new byte[0]);
    }
    byte[] body = new byte[random.nextInt(random.nextInt(10) == 0 ? 100_000 : 300)];
    random.nextBytes(body);
    if (random.nextBoolean()) {
      headers.add(new Header("content-length", Integer.toString(body.length)));
    } else {
      for (int i = 0; i < body.length; i++) {
        body[i] |= 1; // no NUL
      }
    }
    return new ClientFrame(command, headers, body);
  }

  private static String text(Random random, int most) {
    int[] characters = TRICKY.codePoints().toArray();
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(most + 1); i > 0; i--) {
      text.appendCodePoint(characters[random.nextInt(characters.length)]);
    }
    return text.toString();
  }

  private static void write(ByteBuf out, ClientFrame frame, String eol, boolean repeatHeaders) {
    out.writeCharSequence(frame.command() + eol, US_ASCII);
    for (int times = repeatHeaders ? 2 : 1; times > 0; times--) {
      for (Header header : frame.headers()) {
        StompEncoder.writeHeader(out, header.name(), header.value(), StompVersion.V1_2);
        out.writerIndex(out.writerIndex() - 1).writeCharSequence(eol, US_ASCII);
      }
    }
    out.writeCharSequence(eol, US_ASCII);
    out.writeBytes(frame.body()).writeByte(0);
  }
}
