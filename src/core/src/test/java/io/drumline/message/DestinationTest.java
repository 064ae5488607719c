package io.drumline.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DestinationTest {

  @ParameterizedTest
  @CsvSource({
    "/topic/a,           TOPIC,     true",
    "/ephemeral/a,       EPHEMERAL, false",
    "/user/alice/queue/x, USER,     true",
  })
  void theFirstSegmentSaysTheKind(String text, Destination.Kind kind, boolean ordered) {
    Destination destination = Destination.parse(text);

    assertThat(destination.kind()).isEqualTo(kind);
    assertThat(destination.ordered()).isEqualTo(ordered);
    assertThat(destination).hasToString(text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/", "topic/a", "/topics/a", "/app/a", "/Topic/a", " /topic/a"})
  void refusesUnknownDestinations(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Destination.of(text))
        .withMessageStartingWith("Unknown destination");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/topic/", "/ephemeral/", "/user/", "/user/alice", "/user/alice/"})
  void refusesIncompleteDestinations(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Destination.of(text))
        .withMessageContaining("incomplete");
  }

  @Test
  void saysThatQueuesAreNotAvailable() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Destination.of("/queue/a"))
        .withMessage("Queues (/queue/**) are not available on this server.");
  }

  @Test
  void countsTheLimitInBytes() {
    String longest = "/topic/" + "é".repeat(124);

    assertThat(Destination.of(longest).value()).isEqualTo(longest);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Destination.of(longest + "é"))
        .withMessageContaining("longer than 255 bytes");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/topic/a\nb", "/topic/a\r", "/topic/\0", "/topic/a\u0085b"})
  void refusesControlCharacters(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Destination.of(text))
        .withMessageContaining("control character");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"alice", "a/b", "/", "100%", "%2F", "a%2Fb", "%25", "%", "é 🥁", "a%25%2F/b"})
  void everyUserNameReadsBack(String name) {
    Destination destination = Destination.ofUser(name, "/queue/x");

    assertThat(destination.user()).isEqualTo(name);
    assertThat(destination.shown()).isEqualTo("/user/queue/x");
    assertThat(Destination.parse(destination.value())).isEqualTo(destination);
  }

  @Test
  void differentUsersHaveDifferentDestinations() {
    assertThat(Destination.ofUser("a/b", "/queue/x"))
        .isNotEqualTo(Destination.ofUser("a", "/b/queue/x"))
        .isNotEqualTo(Destination.ofUser("a%2Fb", "/queue/x"));
  }

  @ParameterizedTest
  @CsvSource({"alice, alice", "a%2Fb, a/b", "100%, 100%"})
  void readsAUserNameAsSpringWritesIt(String written, String name) {
    assertThat(Destination.of("/user/" + written + "/queue/x"))
        .isEqualTo(Destination.ofUser(name, "/queue/x"));
  }

  @Test
  void addsTheSlashThatARestLacks() {
    assertThat(Destination.ofUser("alice", "queue/x"))
        .isEqualTo(Destination.ofUser("alice", "/queue/x"));
  }

  @Test
  void otherKindsHaveNoUserAndAreShownAsTheyAre() {
    assertThat(Destination.of("/topic/user/x").user()).isEmpty();
    assertThat(Destination.of("/topic/user/x").shown()).isEqualTo("/topic/user/x");
  }
}
