package io.drumline.redis.format;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.drumline.message.Position;
import io.drumline.message.Publication;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class EnvelopeTest {
  private static final Destination TOPIC = Destination.parse("/topic/a");
  private static final Draft DRAFT =
      new Draft(TOPIC, "a:b\n".getBytes(UTF_8), new byte[] {0, 1, -1}, null, "s-\u00e9");

  /** As publish.lua writes it. */
  private static byte[] whole(String epoch, long offset, String previousId) {
    byte[] tail = Envelope.tail(DRAFT, "id-1", 1234567890123L);
    return ByteBuffer.allocate(11 + epoch.length() + previousId.length() + tail.length)
        .put((byte) 1)
        .put((byte) epoch.length())
        .put(epoch.getBytes(UTF_8))
        .putLong(offset)
        .put((byte) previousId.length())
        .put(previousId.getBytes(UTF_8))
        .put(tail)
        .array();
  }

  @Test
  void readsWhatItWrote() throws Exception {
    Publication publication = Envelope.read(TOPIC, whole("epoch", 1L << 40, "id-0"));
    assertThat(publication)
        .usingRecursiveComparison()
        .isEqualTo(
            new Publication(
                TOPIC,
                new Position("epoch", 1L << 40),
                "id-0",
                "id-1",
                1234567890123L,
                DRAFT.headers(),
                DRAFT.body(),
                "s-\u00e9"));
  }

  @Test
  void readsEphemeralOnes() throws Exception {
    Draft draft = new Draft(TOPIC, new byte[0], new byte[0]);
    Publication publication = Envelope.read(TOPIC, Envelope.ephemeral(draft, "id", 7));
    assertThat(publication.position()).isEqualTo(Position.NONE);
    assertThat(publication.previousId()).isEmpty();
    assertThat(publication.messageId()).isEqualTo("id");
    assertThat(publication.session()).isNull();
  }

  @Test
  void refusesEveryTruncation() {
    byte[] whole = whole("epoch", 5, "id-0");
    for (int length = 0; length < whole.length; length++) {
      byte[] part = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> Envelope.read(TOPIC, part))
          .as("%d bytes", length)
          .isInstanceOf(MalformedException.class);
    }
  }

  @Test
  void refusesLengthsThatAreNotThere() {
    byte[] whole = whole("epoch", 5, "id-0");
    int headersLength = whole.length - DRAFT.body().length - 4 - DRAFT.headers().length - 4;
    int bodyLength = whole.length - DRAFT.body().length - 4;
    for (int at : new int[] {headersLength, bodyLength}) {
      for (int length : new int[] {-1, Integer.MIN_VALUE, Integer.MAX_VALUE, 1 << 30, 200}) {
        byte[] hostile = ByteBuffer.wrap(whole.clone()).putInt(at, length).array();
        assertThatThrownBy(() -> Envelope.read(TOPIC, hostile))
            .isInstanceOf(MalformedException.class);
      }
    }
  }

  @Test
  void refusesBytesAfterTheBody() {
    byte[] whole = whole("epoch", 5, "id-0");
    assertThatThrownBy(() -> Envelope.read(TOPIC, Arrays.copyOf(whole, whole.length + 1)))
        .isInstanceOf(MalformedException.class)
        .hasMessage("bytes after the body");
  }

  @Test
  void refusesUnknownVersions() {
    byte[] whole = whole("epoch", 5, "id-0");
    whole[0] = 2;
    assertThatThrownBy(() -> Envelope.read(TOPIC, whole))
        .isInstanceOf(MalformedException.class)
        .hasMessage("unknown version");
  }

  @Test
  void refusesImpossiblePositions() {
    for (byte[] bytes :
        new byte[][] {whole("", 5, ""), whole("epoch", 0, ""), whole("epoch", -1, "")}) {
      assertThatThrownBy(() -> Envelope.read(TOPIC, bytes)).isInstanceOf(MalformedException.class);
    }
  }

  @Test
  void survivesNoise() {
    Random random = new Random(42);
    for (int i = 0; i < 50_000; i++) {
      byte[] noise = new byte[random.nextInt(64)];
      random.nextBytes(noise);
      if (noise.length > 0) {
        noise[0] = 1;
      }
      try {
        assertThat(Envelope.read(TOPIC, noise).id()).isNotEmpty();
      } catch (MalformedException e) {
        assertThat(e).hasMessageMatching("\\w.*");
      }
    }
  }
}
