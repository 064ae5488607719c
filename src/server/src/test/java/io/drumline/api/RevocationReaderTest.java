package io.drumline.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.drumline.api.RevocationReader.Order;
import io.drumline.backplane.Revocations;
import io.drumline.backplane.Revocations.Kind;
import io.drumline.backplane.Revocations.Subject;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.web.ErrorResponseException;

class RevocationReaderTest {
  private static final Instant NOW = Instant.parse("2026-11-25T12:00:00Z");

  private final RevocationReader reader = new RevocationReader(() -> NOW);

  private Order read(String json) {
    return reader.read(json.getBytes(UTF_8));
  }

  @Test
  void aKickHasNoTime() {
    assertThat(read("{\"user\":\"ann\",\"action\":\"kick\",\"reason\":\" Spam \"}"))
        .isEqualTo(new Order(new Subject(Kind.USER, "ann"), null, "Spam"));
  }

  @Test
  void aBlockLastsADayUnlessItSays() {
    assertThat(read("{\"user\":\"ann\",\"action\":\"block\"}").time())
        .isEqualTo(Duration.ofDays(1));
    assertThat(read("{\"session\":\"a\",\"action\":\"block\"}").time())
        .isEqualTo(Duration.ofDays(1));
    assertThat(read("{\"user\":\"ann\",\"action\":\"block\",\"for\":\"30m\"}").time())
        .isEqualTo(Duration.ofMinutes(30));
    assertThat(read("{\"user\":\"ann\",\"action\":\"block\",\"for\":\"PT2H\"}").time())
        .isEqualTo(Duration.ofHours(2));
    assertThat(
            read("{\"user\":\"ann\",\"action\":\"block\",\"until\":\"2026-11-25T14:00:00+01:00\"}")
                .time())
        .isEqualTo(Duration.ofHours(1));
  }

  /** Nodes accept it for a while after its end, as their clocks may differ. */
  @Test
  void aTokensBlockOutlivesTheToken() {
    assertThat(
            read("{\"token\":\"j\",\"action\":\"block\",\"until\":\"2026-11-25T13:00:00Z\"}")
                .time())
        .isGreaterThan(Duration.ofMinutes(65));
    assertThat(read("{\"token\":\"j\",\"action\":\"block\"}").time())
        .isEqualTo(Revocations.LONGEST);
    assertThat(read("{\"token\":\"j\",\"action\":\"block\",\"for\":\"366d\"}").time())
        .isEqualTo(Revocations.LONGEST);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"action":"block"}                                                      | user
          {"user":"a","token":"b","action":"block"}                               | token
          {"user":" ","action":"block"}                                           | user
          {"user":"a\\u0000","action":"block"}                                    | user
          {"session":"","action":"kick"}                                          | session
          {"user":["a"],"action":"block"}                                         | user
          {"user":"a"}                                                            | action
          {"user":"a","action":"ban"}                                             | action
          {"user":"a","action":"kick","for":"1h"}                                 | for
          {"user":"a","action":"kick","until":"2026-12-25T13:00:00Z"}             | until
          {"user":"a","action":"block","for":"1h","until":"2026-12-25T13:00:00Z"} | for
          {"user":"a","action":"block","for":"3600"}                              | for
          {"user":"a","action":"block","for":"soon"}                              | for
          {"user":"a","action":"block","for":"0s"}                                | for
          {"user":"a","action":"block","for":"-1h"}                               | for
          {"user":"a","action":"block","for":"367d"}                              | for
          {"user":"a","action":"block","for":"999999999999d"}                     | for
          {"user":"a","action":"block","until":"2026-11-25"}                      | until
          {"user":"a","action":"block","until":"2026-11-25T12:00:00Z"}            | until
          {"user":"a","action":"block","until":"2099-11-25T12:00:00Z"}            | until
          {"user":"a","action":"block","until":"+999999999-12-31T23:59:59Z"}      | until
          {"user":"a","action":"block","reason":"a\\nb"}                          | reason
          {"user":"a","action":"block","untill":"2026-12-25T13:00:00Z"}           | untill
          """)
  void refusesWhatIsNotValidAndNamesTheField(String json, String field) {
    ErrorResponseException problem =
        catchThrowableOfType(ErrorResponseException.class, () -> read(json));

    assertThat(problem.getStatusCode().value()).isEqualTo(400);
    assertThat(problem.getBody().getProperties()).containsEntry("field", field);
    assertThat(problem.getBody().getDetail()).endsWith(".");
  }

  @Test
  void refusesWhatIsTooLong() {
    String name = "x".repeat(256);
    assertThat(read("{\"user\":\"%s\",\"action\":\"kick\"}".formatted(name)).subject().name())
        .isEqualTo(name);
    for (String json :
        new String[] {
          "{\"user\":\"x%s\",\"action\":\"kick\"}".formatted(name),
          "{\"user\":\"x\",\"action\":\"kick\",\"reason\":\"%s\"}".formatted(name)
        }) {
      assertThat(catchThrowableOfType(ErrorResponseException.class, () -> read(json))).isNotNull();
    }
  }
}
