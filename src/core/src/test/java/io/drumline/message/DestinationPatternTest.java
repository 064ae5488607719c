package io.drumline.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class DestinationPatternTest {

  @ParameterizedTest
  @CsvSource({
    "/topic/a, /topic/a, true",
    "/topic/a, /topic/ab, false",
    "/topic/a, /topic, false",
    "/topic/a, /topic/a/b, false",
    "/topic/*, /topic/a, true",
    "/topic/*, /topic/a/b, false",
    "/topic/*, /topic, false",
    "/topic/*/b, /topic/a/b, true",
    "/topic/*/b, /topic//b, true",
    "/topic/*/b, /topic/a/c, false",
    "/topic/**, /topic/a, true",
    "/topic/**, /topic/a/b/c, true",
    "/topic/**, /topic, true",
    "/topic/**, /topics/a, false",
    "/topic/a/**, /topic/ab, false",
    "/**, /user/queue/x, true",
    "/user/queue/*, /user/queue/x, true",
    "/topic/a.c, /topic/abc, false",
    "/topic/rooms.*, /topic/rooms.lobby, true",
    "/topic/rooms.*, /topic/rooms.a.b, true",
    "/topic/rooms.*, /topic/rooms.*, true",
    "/topic/rooms.*, /topic/rooms.é, true",
    "/topic/rooms.*, /topic/rooms., false",
    "/topic/rooms.*, /topic/rooms, false",
    "/topic/rooms.*, /topic/rooms.a/b, false",
    "/topic/rooms.*, /topic/rooms./b, false",
    "/topic/rooms.*, /topic/roomsXa, false",
    "/topic/rooms.*, /topic/Rooms.a, false",
    "/topic/rooms.*, /topic/x.rooms.a, false",
    "/topic/rooms.*, /ephemeral/rooms.a, false",
    "/topic/a*/b, /topic/abc/b, true",
    "/topic/a*/b, /topic/a/b, false",
    "/topic/a*/b, /topic/abc/c, false",
    "/topic/a*/**, /topic/abc/c/d, true",
    "/topic/a*/**, /topic/a/c/d, false",
  })
  void matches(String pattern, String destination, boolean matches) {
    assertThat(DestinationPattern.parse(pattern).matches(destination)).isEqualTo(matches);
  }

  @Test
  void refusesWhatIsNoPattern() {
    assertThatThrownBy(() -> DestinationPattern.parse("topic/a"))
        .hasMessage("The pattern 'topic/a' must begin with a slash.");
    for (String pattern :
        new String[] {
          "/topic/a*b",
          "/topic/*b",
          "/topic/a**",
          "/topic/**/b",
          "/**a",
          "/topic/a*b*",
          "/topic/***"
        }) {
      assertThatThrownBy(() -> DestinationPattern.parse(pattern))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "In the pattern '"
                  + pattern
                  + "' * must end a segment, such as rooms.* or *, and ** be the last one.");
    }
  }
}
