package io.drumline.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.mock;

import org.junit.jupiter.api.Test;

class SubscriberTest {

  /** Nobody would end it: only one that has subscriptions which are not live is ticked. */
  @Test
  void subscriptionThatIsDoneLeavesNothingBehindWhereNoneCatchesUp() {
    Subscriber subscriber =
        new Subscriber(mock(Connection.class), mock(ShardLoop.class), each -> {});
    subscriber.done(mock(CatchUps.Asker.class));
    assertThat(subscriber).extracting("catchUps").isNull();
  }
}
