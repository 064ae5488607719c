package io.drumline.hub.order;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.backplane.History;
import io.drumline.message.Cursor;
import io.drumline.message.Gap;
import io.drumline.message.Position;
import io.drumline.message.Publication;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Who waits for a destination's past, while it cannot be read. */
class JoinersTest {
  private static final Cursor END = new Cursor(new Position("e", 9), "m9");
  private static final Start FROM_THE_BEGINNING =
      new Start(true, new Cursor(new Position("e", 1), "m1"), 0);

  private final World world = new World();
  private final Order<String> order = new Order<>(world, 1000, 1000, new HeldBudget(1000));

  @Test
  void whoHasLeftIsForgottenWithTheNextReadThatFails() {
    locate();
    order.join("stays", FROM_THE_BEGINNING, CatchUpStep.FIRST);
    order.join("leaves", FROM_THE_BEGINNING, CatchUpStep.FIRST);
    world.gone.add("leaves");
    world.reads = 0;

    order.failed();
    assertThat(world.reads).isEqualTo(1); // for the one that stays
    world.gone.add("stays");
    order.failed();

    assertThat(order.hasJoiners()).isFalse();
    assertThat(world.reads).isEqualTo(1);
  }

  @Test
  void whoHasLeftIsNotAnsweredByTheReadThatSucceeds() {
    locate();
    order.join("stays", FROM_THE_BEGINNING, CatchUpStep.FIRST);
    order.join("leaves", FROM_THE_BEGINNING, CatchUpStep.FIRST);
    world.gone.add("leaves");

    order.history(new History(END, 10, List.of()));

    assertThat(world.admitted).containsExactly("stays");
  }

  /** A read that is never answered is no reason to remember all that ever came. */
  @Test
  void thoseThatComeAndGoDuringOneReadAreNotAllRemembered() {
    locate();
    for (int i = 0; i < 10_000; i++) {
      order.join("joiner " + i, FROM_THE_BEGINNING, CatchUpStep.FIRST);
      world.gone.add("joiner " + i);
    }
    world.asked = 0;
    order.failed(); // looks at each that is still remembered
    assertThat(world.asked).isBetween(1, 128);
  }

  @Test
  void lookingForThoseThatHaveLeftCostsLittle() {
    locate();
    for (int i = 0; i < 10_000; i++) {
      order.join("joiner " + i, FROM_THE_BEGINNING, CatchUpStep.FIRST);
    }
    assertThat(world.asked).isBetween(1, 40_000);
  }

  private void locate() {
    order.start();
    order.history(new History(END, 10, List.of()));
    order.join("first", FROM_THE_BEGINNING, CatchUpStep.FIRST); // for whom a read is under way now
    world.gone.add("first");
  }

  private static final class World implements OrderOutput<String> {
    private final Set<String> gone = new HashSet<>();
    private final List<String> admitted = new ArrayList<>();
    private int reads;
    private int asked;

    @Override
    public boolean isGone(String joiner) {
      asked++;
      return gone.contains(joiner);
    }

    @Override
    public void admit(String joiner, CatchUp catchUp) {
      admitted.add(joiner);
    }

    @Override
    public void read(long after, int count, boolean begin, int backOff) {
      reads++;
    }

    @Override
    public void deliver(Publication publication) {}

    @Override
    public void gap(Gap gap) {}

    @Override
    public void noProgress() {}

    @Override
    public void stale(Publication publication) {}
  }
}
