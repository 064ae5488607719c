package io.drumline.stomp.codec;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** Whatever a client sends, cut wherever: frames or one named error, and always the same ones. */
class StompDecoderFuzz {
  private static final StompLimits SMALL = new StompLimits(8, 64, 256, 128, 256);

  @FuzzTest(maxDuration = "10m")
  void readsTheSameHoweverItIsCut(byte[] input) {
    if (input.length < 2) {
      return;
    }
    int step = 1 + (input[0] & 0x0F);
    ByteBuf bytes = Unpooled.wrappedBuffer(input, 1, input.length - 1);
    StompVersion version =
        switch (input[0] >> 6) {
          case 0 -> StompVersion.V1_0;
          case 1 -> StompVersion.V1_1;
          default -> StompVersion.V1_2;
        };
    boolean connected = (input[0] & 0x10) != 0;

    List<String> whole = read(bytes.slice(), bytes.readableBytes(), version, connected);
    List<String> cut = read(bytes.slice(), step, version, connected);

    assertThat(cut).isEqualTo(whole);
  }

  /** The frames, and at the end whether it failed. */
  private static List<String> read(
      ByteBuf bytes, int step, StompVersion version, boolean connected) {
    List<String> read = new ArrayList<>();
    StompDecoder decoder = new StompDecoder(SMALL);
    if (connected) {
      decoder.connected(version);
    }
    try {
      while (bytes.isReadable()) {
        decoder.decode(
            bytes.readSlice(Math.min(step, bytes.readableBytes())),
            frame -> read.add(frame.command() + " " + frame.headers() + " " + text(frame.body())));
      }
    } catch (StompException broken) {
      assertThat(broken.getMessage()).endsWith(".");
      read.add("failed"); // of two faults in one frame, the cut decides which is seen first
    }
    return read;
  }

  private static String text(byte[] body) {
    return HexFormat.of().formatHex(body);
  }
}
