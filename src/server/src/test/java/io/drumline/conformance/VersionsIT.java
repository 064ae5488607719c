package io.drumline.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.StompClient;
import io.drumline.testing.StompFrame;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Where STOMP 1.0 and 1.1 differ from 1.2, and how the versions meet. */
@ParameterizedClass(name = "{0}")
@EnumSource(Mode.class)
final class VersionsIT extends Conformance {

  @Test
  @DisplayName("V01 in 1.1 the escape \\r is undefined")
  void oneOneHasNoCrEscape() {
    refused("1.1", "SEND\ndestination:/topic/a\nk:a\\rb\n\nx\0");
  }

  @Test
  @DisplayName("V02 in 1.1 the escapes \\n, \\c and \\\\ arrive, in names and values")
  void passesEscapesOfOneOne() {
    StompFrame message = delivered("1.1", "a\\nb\\c\\\\:c\\nd\\ce\\\\f\n", "", "1.1");

    assertThat(message.header("a\nb:\\")).isEqualTo("c\nd:e\\f");
  }

  @Test
  @DisplayName("V03 1.0 has no escapes")
  void oneZeroHasNoEscapes() {
    StompFrame message = delivered("1.0", "path:C:\\new\\cat\\t\\\n", "x", "1.0");

    assertThat(message.header("path")).isEqualTo("C:\\new\\cat\\t\\");
  }

  @Test
  @DisplayName("V04 1.0 subscribes without id and unsubscribes by destination")
  void oneZeroSubscribesByDestination() {
    String topic = topic();
    StompClient subscriber = far("1.0");
    StompClient witness = far();
    StompClient publisher = near();
    witness.subscribe("w", topic);

    subscriber.confirmed("SUBSCRIBE", "destination:" + topic);
    publisher.publish(topic, "one");
    subscriber.expectMessage("one");
    witness.expectMessage("one");
    subscriber.confirmed("UNSUBSCRIBE", "destination:" + topic);
    publisher.publish(topic, "for the witness");
    witness.expectMessage("for the witness");
    subscriber.confirmed("SUBSCRIBE", "destination:" + topic);
    publisher.publish(topic, "two");

    subscriber.expectMessage("two");
  }

  @Test
  @DisplayName("V04 1.0 may use ids as later versions do")
  void oneZeroMayUseIds() {
    String topic = topic();
    StompClient subscriber = far("1.0");
    subscriber.subscribe("mine", topic);
    near().publish(topic, "x");

    assertThat(subscriber.expectMessage("x").header("subscription")).isEqualTo("mine");
    subscriber.confirmed("UNSUBSCRIBE", "id:mine");
  }

  @Test
  @DisplayName("V05 1.0 trims values: 'k: v'")
  void oneZeroTrimsValues() {
    String topic = topic();
    StompClient subscriber = far();
    subscriber.subscribe("s1", topic);

    near("1.0").send("SEND\ndestination: " + topic + " \nk: v \n\nx\0");

    assertThat(subscriber.expectMessage("x").header("k")).isEqualTo("v");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.1", "1.2"})
  @DisplayName("V06 a backslash from 1.0 arrives as one in later versions")
  void escapesForLaterVersions(String version) {
    StompFrame message = delivered("1.0", "path:C:\\new\\t\n", "x", version);

    assertThat(message.header("path")).isEqualTo("C:\\new\\t");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.0", "1.1"})
  @DisplayName("V07 a CR in a header from 1.2 does not break older versions")
  void crDoesNotBreakOlderVersions(String version) {
    StompFrame message = delivered("1.2", "k:a\\rb\\r\nafter:v\\cw\n", "body", version);

    assertThat(message.header("after")).isEqualTo("v:w");
    assertThat(message.bodyText()).isEqualTo("body");
  }

  @Test
  @DisplayName("V07 a line feed in a header from 1.2 does not break 1.0")
  void lineFeedDoesNotBreakOneZero() {
    StompFrame message = delivered("1.2", "k:a\\n\\nb\\n\nk\\n2:x\nafter:v\n", "body", "1.0");

    assertThat(message.header("after")).isEqualTo("v");
    assertThat(message.bodyText()).isEqualTo("body");
  }

  @Test
  @DisplayName("one message reaches subscribers of all versions")
  void versionsMeet() {
    String topic = topic();
    StompClient[] subscribers = {far("1.0"), far("1.1"), far("1.2"), near("1.0")};
    for (StompClient subscriber : subscribers) {
      subscriber.subscribe("sub-0", topic);
    }

    near("1.1").publish(topic, "x", "k:a\\cb");

    for (StompClient subscriber : subscribers) {
      assertThat(subscriber.expectMessage("x").header("k")).isEqualTo("a:b");
    }
  }
}
