package io.drumline.stomp;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReservedHeadersTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "message-id",
        "subscription",
        "destination",
        "content-length",
        "ack",
        "user-name",
        "event",
        "reason",
        "missed"
      })
  void keepsBackWhatTheServerWrites(String name) {
    assertThat(ReservedHeaders.contains(name)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "receipt",
        "receipt-id",
        "transaction",
        "id",
        "selector",
        "login",
        "passcode",
        "Authorization"
      })
  void keepsBackWhatIsMeantForTheServer(String name) {
    assertThat(ReservedHeaders.contains(name)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"simpUser", "simpSessionId", "SIMPDESTINATION", "nativeHeaders", "stompCommand"})
  void keepsBackWhatSpringWouldTrust(String name) {
    assertThat(ReservedHeaders.contains(name)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"Message-ID", "RECEIPT", "Content-Length", "User-Name"})
  void caseDoesNotMatter(String name) {
    assertThat(ReservedHeaders.contains(name)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "content-type",
        "priority",
        "x-id",
        "ids",
        "user",
        "",
        "similar",
        "correlation-id"
      })
  void passesTheApplicationsOwn(String name) {
    assertThat(ReservedHeaders.contains(name)).isFalse();
  }
}
