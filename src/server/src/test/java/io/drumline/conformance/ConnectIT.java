package io.drumline.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.StompClient;
import io.drumline.testing.StompFrame;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * CONNECT and CONNECTED. C10 (bad credentials) comes with authentication; C18 is with the timers.
 */
@ParameterizedClass(name = "{0}")
@EnumSource(Mode.class)
final class ConnectIT extends Conformance {
  private static final String CONNECT = "CONNECT\naccept-version:1.2\nhost:x\n\n\0";

  private StompFrame connected(String frame) {
    StompClient client = open();
    client.send(frame);
    return client.expect("CONNECTED");
  }

  private StompFrame refusedUnconnected(String frame) {
    StompClient client = open();
    client.send(frame);
    return client.expectErrorAndClose();
  }

  @Test
  @DisplayName("C01 CONNECT with 1.2 gives CONNECTED with 1.2")
  void connects() {
    StompFrame connected = connected(CONNECT);

    assertThat(connected.values("version")).containsExactly("1.2");
    assertThat(connected.header("server")).isNotBlank().doesNotContain(" ");
    assertThat(connected.header("node")).isNotBlank();
  }

  @Test
  @DisplayName("C02 STOMP is another name of CONNECT")
  void takesStompForConnect() {
    assertThat(connected(CONNECT.replace("CONNECT", "STOMP")).header("version")).isEqualTo("1.2");
  }

  @Test
  @DisplayName("C03 without accept-version the version is 1.0")
  void isOneZeroWithoutAcceptVersion() {
    assertThat(connected("CONNECT\nhost:x\n\n\0").header("version")).isIn(null, "1.0");
    assertThat(connected("CONNECT\n\n\0").header("version")).isIn(null, "1.0");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1.0,1.1,2.0 | 1.1",
        "1.2,1.1,1.0 | 1.2",
        "1.1,1.2 | 1.2",
        "1.0,1.2,1.1 | 1.2",
        "2.1,1.0 | 1.0"
      })
  @DisplayName("C04 C05 the highest common version is taken, in any order")
  void takesTheHighestCommonVersion(String offered, String taken) {
    StompFrame connected = connected("CONNECT\naccept-version:" + offered + "\nhost:x\n\n\0");

    assertThat(connected.header("version")).isEqualTo(taken);
  }

  @Test
  @DisplayName("C06 C07 without a common version an ERROR lists the supported ones")
  void refusesUnknownVersions() {
    StompFrame error = refusedUnconnected("CONNECT\naccept-version:2.0,3.1\nhost:x\n\n\0");

    assertThat(error.header("version").split(",")).containsExactlyInAnyOrder("1.0", "1.1", "1.2");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SEND\ndestination:/topic/a\n\nx\0",
        "SUBSCRIBE\nid:1\ndestination:/topic/a\n\n\0",
        "DISCONNECT\n\n\0",
        "ACK\nid:1\n\n\0"
      })
  @DisplayName("C08 a frame before CONNECT is refused")
  void refusesFramesBeforeConnect(String frame) {
    refusedUnconnected(frame);
  }

  @Test
  @DisplayName("an ERROR says when to come back")
  void errorsSayWhenToComeBack() {
    StompFrame error = refusedUnconnected("DISCONNECT\n\n\0");

    assertThat(error.header("drumline-reconnect")).isEqualTo("no");
  }

  @Test
  @DisplayName("unknown close-codes are refused")
  void refusesUnknownCloseCodes() {
    StompFrame error =
        refusedUnconnected("CONNECT\naccept-version:1.2\nhost:x\nclose-codes:all\n\n\0");

    assertThat(error.header("message")).contains("standard or private");
  }

  @ParameterizedTest
  @ValueSource(strings = {"CONNECT", "STOMP"})
  @DisplayName("C09 a second CONNECT is refused")
  void refusesASecondConnect(String command) {
    refused(CONNECT.replace("CONNECT", command));
  }

  @Test
  @DisplayName("C11 headers of CONNECT are not unescaped")
  void takesBackslashesInConnect() {
    connected("CONNECT\naccept-version:1.2\nhost:x\nlogin:corp\\tom\nk:end\\\n\n\0");
  }

  @Test
  @DisplayName("C12 values of CONNECT may have colons")
  void takesColonsInConnect() {
    connected("CONNECT\naccept-version:1.2\nhost:[::1]:8080\nk:a:b:c\n\n\0");
  }

  @Test
  @DisplayName("C13 lines of CONNECT may end with CRLF")
  void takesCrLf() {
    StompFrame connected =
        connected("CONNECT\r\naccept-version:1.2\r\nhost:x\r\nheart-beat:0,0\r\n\r\n\0\r\n");

    assertThat(connected.header("version")).isEqualTo("1.2");
  }

  @ParameterizedTest
  @ValueSource(strings = {"connect", "Connect", "stomp"})
  @DisplayName("C14 commands are case sensitive")
  void commandsAreCaseSensitive(String command) {
    refusedUnconnected(CONNECT.replace("CONNECT", command));
  }

  @Test
  @DisplayName("C14 commands are case sensitive after CONNECT")
  void laterCommandsAreCaseSensitive() {
    refused("send\ndestination:/topic/a\n\n\0");
  }

  @Test
  @DisplayName("C15 line ends may come before CONNECT")
  void takesLineEndsBeforeConnect() {
    connected("\n\r\n\n\r\n" + CONNECT);
  }

  @Test
  @DisplayName("C16 CONNECTED has no body and a right heart-beat")
  void connectedIsWellFormed() {
    StompFrame connected = connected(CONNECT);

    assertThat(connected.body()).isEmpty();
    assertThat(connected.header("heart-beat")).matches("\\d+,\\d+");
    assertThat(connected.headers().stream().map(StompFrame.Header::name)).doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @ValueSource(strings = {"abc", "1000", "1000,", ",1000", "-1,0", "0,-1", "1,2,3", "1.5,0", ""})
  @DisplayName("C17 a malformed heart-beat is refused")
  void refusesMalformedHeartBeats(String heartBeat) {
    refusedUnconnected("CONNECT\naccept-version:1.2\nhost:x\nheart-beat:" + heartBeat + "\n\n\0");
  }

  @Test
  @DisplayName("C19 each session has a name of its own")
  void sessionsHaveNames() {
    Set<String> sessions = new HashSet<>();
    for (int port : new int[] {mode.nearPort(), mode.farPort(), mode.nearPort()}) {
      StompClient client = kept(StompClient.open(port, mode.carriage));
      client.send(CONNECT);
      sessions.add(client.expect("CONNECTED").header("session"));
    }

    assertThat(sessions).hasSize(3).doesNotContain("").doesNotContainNull();
  }

  @Test
  @DisplayName("C20 messages of line ends only are taken at any time")
  void takesLineEndsAtAnyTime() {
    StompClient client = open();

    client.send("\n");
    client.send(CONNECT + "\n");
    client.send("\n");
    client.expect("CONNECTED");
    client.send("\r\n");
    client.send("\n\n\r\n\n");
    client.confirmed("BEGIN", "transaction:t");
    client.send("\n");
    client.confirmed("COMMIT", "transaction:t");
  }
}
