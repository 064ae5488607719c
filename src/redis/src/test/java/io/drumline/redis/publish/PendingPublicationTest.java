package io.drumline.redis.publish;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.message.Destination;
import io.drumline.message.Draft;
import org.junit.jupiter.api.Test;

class PendingPublicationTest {
  private final PendingPublication publication =
      new PendingPublication(
          new Draft(Destination.of("/topic/news"), new byte[0], new byte[0]), "id1");

  @Test
  void isInFlightUntilRedisHasDoneNothingWithIt() {
    assertThat(publication.isInFlight()).isFalse();
    publication.markInFlight();
    assertThat(publication.isInFlight()).isTrue();
    publication.markRedirected("there:1");
    assertThat(publication.isInFlight()).isFalse();
    assertThat(publication.isUnknown()).isFalse();
  }

  @Test
  void staysUnknownOnceAnAnswerWasLost() {
    publication.markInFlight();
    publication.markUnknown();
    publication.markInFlight();
    assertThat(publication.isUnknown()).isTrue();
    publication.markNotTaken();
    assertThat(publication.isUnknown()).isTrue();
  }
}
