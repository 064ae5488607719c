package io.drumline.redis.format;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.drumline.message.Destination;
import io.drumline.message.Publication;

/** Whatever is on a channel: a publication made of no more than is there, or one named error. */
class EnvelopeFuzz {
  private static final Destination NEWS = Destination.parse("/topic/news");

  @FuzzTest(maxDuration = "10m")
  void readsAPublicationOrSaysWhyNot(byte[] bytes) {
    try {
      Publication publication = Envelope.read(NEWS, bytes);
      assertThat(publication.headers().length + publication.body().length).isLessThan(bytes.length);
      assertThat(publication.id()).isNotEmpty();
      assertThat(publication.position().offset()).isNotNegative();
    } catch (MalformedException none) {
      assertThat(none.getMessage()).isNotEmpty();
    }
  }
}
