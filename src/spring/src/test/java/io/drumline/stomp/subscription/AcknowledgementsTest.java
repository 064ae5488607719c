package io.drumline.stomp.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.stomp.codec.AckMode;
import org.junit.jupiter.api.Test;

class AcknowledgementsTest {

  @Test
  void cumulativeCoversAllBeforeIt() {
    Acknowledgements client = delivered(true);

    assertThat(client.acknowledge("2")).isEqualTo(2);
    assertThat(client.size()).isEqualTo(1);
    assertThat(client.contains("1")).isFalse();
    assertThat(client.contains("3")).isTrue();
  }

  @Test
  void individualCoversOneOnly() {
    Acknowledgements individual = delivered(false);

    assertThat(individual.acknowledge("2")).isEqualTo(1);
    assertThat(individual.size()).isEqualTo(2);
    assertThat(individual.contains("1")).isTrue();
    assertThat(individual.contains("2")).isFalse();
  }

  @Test
  void aSecondAcknowledgementCoversNothing() {
    for (boolean cumulative : new boolean[] {true, false}) {
      Acknowledgements acknowledgements = delivered(cumulative);

      assertThat(acknowledgements.acknowledge("3")).isPositive();
      assertThat(acknowledgements.acknowledge("3")).isZero();
    }
  }

  @Test
  void anUnknownMessageCoversNothing() {
    Acknowledgements client = delivered(true);

    assertThat(client.acknowledge("4")).isZero();
    assertThat(client.size()).isEqualTo(3);
  }

  private static Acknowledgements delivered(boolean cumulative) {
    Acknowledgements acknowledgements =
        new Acknowledgements(cumulative ? AckMode.CLIENT : AckMode.CLIENT_INDIVIDUAL);
    acknowledgements.delivered("1");
    acknowledgements.delivered("2");
    acknowledgements.delivered("3");
    return acknowledgements;
  }
}
