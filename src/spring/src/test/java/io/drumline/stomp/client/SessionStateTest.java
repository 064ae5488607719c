package io.drumline.stomp.client;

import static io.drumline.stomp.client.SessionState.AUTHENTICATING;
import static io.drumline.stomp.client.SessionState.CHECKING;
import static io.drumline.stomp.client.SessionState.CONNECTED;
import static io.drumline.stomp.client.SessionState.DISCONNECTING;
import static io.drumline.stomp.client.SessionState.ENDED;
import static io.drumline.stomp.client.SessionState.INTERCEPTING;
import static io.drumline.stomp.client.SessionState.NEGOTIATING;
import static io.drumline.stomp.client.SessionState.OPENING;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SessionStateTest {
  private static final Map<SessionState, List<SessionState>> MOVES =
      Map.of(
          NEGOTIATING, List.of(AUTHENTICATING, ENDED),
          AUTHENTICATING, List.of(CHECKING, ENDED),
          CHECKING, List.of(INTERCEPTING, OPENING, ENDED),
          INTERCEPTING, List.of(CHECKING, ENDED),
          OPENING, List.of(CONNECTED, ENDED),
          CONNECTED, List.of(DISCONNECTING, ENDED),
          DISCONNECTING, List.of(ENDED),
          ENDED, List.of());

  @Test
  void refusesEveryMoveThatIsNotListed() {
    for (SessionState from : SessionState.values()) {
      for (SessionState to : SessionState.values()) {
        if (MOVES.getOrDefault(from, List.of()).contains(to)) {
          assertThat(from.to(to)).isEqualTo(to);
        } else {
          assertThatIllegalStateException()
              .as("%s to %s", from, to)
              .isThrownBy(() -> from.to(to))
              .withMessage("A session cannot go from %s to %s.", from, to);
        }
      }
    }
  }

  @Test
  void connectingIsWhateverComesBeforeConnected() {
    assertThat(SessionState.values())
        .filteredOn(SessionState::isConnecting)
        .containsExactly(NEGOTIATING, AUTHENTICATING, CHECKING, INTERCEPTING, OPENING);
  }
}
