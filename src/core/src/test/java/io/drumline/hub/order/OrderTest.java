package io.drumline.hub.order;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.backplane.History;
import io.drumline.message.Cursor;
import io.drumline.message.Destination;
import io.drumline.message.Gap;
import io.drumline.message.Position;
import io.drumline.message.Publication;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What an order does while its reads fail. */
class OrderTest {
  private static final int KEPT = 3;

  private final Log log = new Log();
  private final Order<String> order = new Order<>(log, 1000, 1000, new HeldBudget(1000));

  @Test
  void messagesOfThePastAreNotNewBecauseTheFirstReadFailedBehindADoubt() {
    order.start();
    order.doubt();
    order.failed();
    log.answer(order);
    order.received(message(KEPT + 1));
    assertThat(log.delivered).containsExactly("m4");
    assertThat(order.located()).isTrue();
  }

  private static Publication message(int offset) {
    return new Publication(
        Destination.of("/topic/a"),
        new Position("e", offset),
        offset == 1 ? "" : "m" + (offset - 1),
        "m" + offset,
        0,
        new byte[0],
        "body".getBytes(US_ASCII),
        null);
  }

  /** Keeps a few messages, and answers the last read from them. */
  private static final class Log implements OrderOutput<String> {
    private final List<String> delivered = new ArrayList<>();
    private long after;
    private int count;

    void answer(Order<String> order) {
      List<Publication> page = new ArrayList<>();
      for (int offset = (int) after + 1; offset <= KEPT && page.size() < count; offset++) {
        page.add(message(offset));
      }
      order.history(new History(Cursor.after(message(KEPT)), 10, page));
    }

    @Override
    public void read(long after, int count, boolean begin, int backOff) {
      this.after = after;
      this.count = count;
    }

    @Override
    public void deliver(Publication publication) {
      delivered.add(publication.id());
    }

    @Override
    public boolean isGone(String joiner) {
      return false;
    }

    @Override
    public void admit(String joiner, CatchUp catchUp) {}

    @Override
    public void gap(Gap gap) {}

    @Override
    public void noProgress() {}

    @Override
    public void stale(Publication publication) {}
  }
}
