package io.drumline.stomp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.drumline.stomp.codec.ClientCommand;
import io.drumline.stomp.codec.ClientFrame;
import io.drumline.stomp.codec.Header;
import io.drumline.stomp.codec.StompException;
import io.drumline.stomp.settings.StompProperties;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class TransactionsTest {
  private final Transactions transactions =
      new Transactions(
          new Binder(
                  new MapConfigurationPropertySource(
                      Map.of(
                          "drumline.stomp.max-transactions", "2",
                          "drumline.stomp.max-transaction-frames", "3",
                          "drumline.stomp.max-transaction-size", "10B")))
              .bindOrCreate("drumline.stomp", StompProperties.class));

  @Test
  void handsBackWhatItHeldInOrder() {
    ClientFrame first = frame("1");
    ClientFrame second = frame("2");
    transactions.begin("t");
    transactions.add("t", first);
    transactions.add("t", second);

    assertThat(transactions.end("t")).containsExactly(first, second);
  }

  @Test
  void keepsTransactionsApart() {
    ClientFrame inFirst = frame("1");
    ClientFrame inSecond = frame("2");
    transactions.begin("first");
    transactions.begin("second");
    transactions.add("second", inSecond);
    transactions.add("first", inFirst);

    assertThat(transactions.end("first")).containsExactly(inFirst);
    assertThat(transactions.end("second")).containsExactly(inSecond);
  }

  @Test
  void anIdIsFreeAgainAfterItsEnd() {
    transactions.begin("t");
    transactions.add("t", frame("old"));
    transactions.end("t");

    transactions.begin("t");

    assertThat(transactions.end("t")).isEmpty();
  }

  @Test
  void refusesToBeginAnOpenOne() {
    transactions.begin("t");

    refuses(() -> transactions.begin("t"), "The transaction 't' is already open.");
  }

  @Test
  void refusesUnknownIds() {
    refuses(() -> transactions.add("t", frame("x")), "There is no open transaction 't'.");
    refuses(() -> transactions.end("t"), "There is no open transaction 't'.");
  }

  @Test
  void refusesTooMany() {
    transactions.begin("1");
    transactions.begin("2");

    refuses(() -> transactions.begin("3"), "Too many open transactions: at most 2.");
  }

  @Test
  void countsFramesOverAllOpenOnes() {
    transactions.begin("1");
    transactions.begin("2");
    transactions.add("1", frame(""));
    transactions.add("2", frame(""));
    transactions.add("1", frame(""));

    refuses(() -> transactions.add("2", frame("")), "at most 3 frames and 10 bytes");
  }

  @Test
  void countsBytesOverAllOpenOnes() {
    transactions.begin("1");
    transactions.begin("2");
    transactions.add("1", frame("12345"));
    transactions.add("2", frame("12345"));

    refuses(() -> transactions.add("1", frame("1")), "at most 3 frames and 10 bytes");
  }

  @Test
  void countsHeadersBeyondTheUsual() {
    transactions.begin("1");
    transactions.add("1", new ClientFrame(ClientCommand.SEND, headers(2), new byte[0]));

    ClientFrame big = new ClientFrame(ClientCommand.SEND, headers(9), new byte[0]);
    refuses(() -> transactions.add("1", big), "at most 3 frames and 10 bytes");
  }

  private static List<Header> headers(int count) {
    return IntStream.range(0, count).mapToObj(i -> new Header("h" + i, "v")).toList();
  }

  @Test
  void anEndedOneGivesItsRoomBack() {
    for (int i = 0; i < 3; i++) {
      transactions.begin("t");
      transactions.add("t", frame("12345"));
      transactions.add("t", frame("12345"));
      assertThat(transactions.end("t")).hasSize(2);
    }
  }

  private static void refuses(ThrowingCallable call, String sentence) {
    assertThatExceptionOfType(StompException.class)
        .isThrownBy(call)
        .withMessageContaining(sentence);
  }

  private static ClientFrame frame(String body) {
    return new ClientFrame(ClientCommand.SEND, List.of(), body.getBytes(UTF_8));
  }
}
