package io.drumline.stomp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.drumline.stomp.codec.Header;
import io.drumline.stomp.codec.ReservedHeaders;
import io.drumline.stomp.codec.ReservedHeaders.Use;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.messaging.simp.SimpMessageHeaderAccessor;

class ReservedHeadersTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "message-id",
        "subscription",
        "destination",
        "content-length",
        "ack",
        "receipt",
        "receipt-id",
        "transaction",
        "id",
        "login",
        "passcode",
        "Authorization"
      })
  void takesWhatIsForTheServer(String name) {
    assertThat(ReservedHeaders.of(name)).isEqualTo(Use.TAKEN);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "drumline-event",
        "drumline-reason",
        "drumline-missed",
        "drumline-reconnect",
        "user-name",
        "nativeHeaders",
        "stompCommand",
        "lookupDestination"
      })
  void refusesWhatTheServerSays(String name) {
    assertThat(ReservedHeaders.of(name)).isEqualTo(Use.REFUSED);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ReservedHeaders.check(List.of(new Header(name, "x"))))
        .withMessageContaining("'" + name + "'");
  }

  /** The names of Spring's own message headers, as this version of it has them. */
  static Stream<String> springsNames() {
    return Arrays.stream(SimpMessageHeaderAccessor.class.getFields())
        .filter(field -> Modifier.isStatic(field.getModifiers()) && field.getType() == String.class)
        .map(ReservedHeadersTest::value)
        .filter(name -> name.startsWith("simp"));
  }

  private static String value(Field field) {
    try {
      return (String) field.get(null);
    } catch (IllegalAccessException e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @MethodSource("springsNames")
  void refusesWhatSpringWouldTrust(String name) {
    assertThat(ReservedHeaders.of(name)).isEqualTo(Use.REFUSED);
  }

  @ParameterizedTest
  @ValueSource(strings = {"Message-ID", "RECEIPT", "Content-Length", "User-Name", "SIMPUSER"})
  void caseDoesNotMatter(String name) {
    assertThat(ReservedHeaders.of(name)).isNotEqualTo(Use.PASSED);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "event",
        "reason",
        "missed",
        "simpson",
        "simple",
        "selector",
        "drumline",
        "drumline-events",
        "content-type",
        "priority",
        "x-id",
        "ids",
        "user",
        "",
        "correlation-id"
      })
  void passesTheApplicationsOwn(String name) {
    assertThat(ReservedHeaders.of(name)).isEqualTo(Use.PASSED);
  }

  @Test
  void refusesTheFirstThatNoPublisherMaySet() {
    ReservedHeaders.check(List.of(new Header("event", "x"), new Header("receipt", "x")));
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                ReservedHeaders.check(
                    List.of(
                        new Header("event", "x"),
                        new Header("drumline-event", "gap"),
                        new Header("simpUser", "root"))))
        .withMessage(
            "The header 'drumline-event' is the server's own: choose another name for it.");
  }
}
