package io.drumline.hub.order;

import io.drumline.backplane.History;
import io.drumline.message.Cursor;
import io.drumline.message.Gap;
import io.drumline.message.Publication;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * One random run of an order, its subscribers, and a backplane that loses messages, histories and
 * answers, followed by quiet in which all must be well again.
 */
final class OrderSchedule implements OrderOutput<OrderSchedule.Asking> {
  private static final int CHUNK_BYTES = 3 * 200; // three messages

  /** A mistake in what the order does, to show that the model finds it. */
  enum Fault {
    NONE,
    DROPS_A_DELIVERY,
    DOUBLES_A_DELIVERY,
    SWALLOWS_A_GAP,
    INVENTS_A_GAP,
    SKIPS_IN_A_CATCH_UP,
    SKIPS_IN_A_REPAIR,
    JOINS_TOO_EARLY
  }

  /** A subscriber that asks; it may have left, or have asked again, when it is answered. */
  record Asking(ModelSubscriber subscriber, int question) {}

  private final SplittableRandom random;
  private final Fault fault;
  private final Tally tally;
  private final ModelLog log = new ModelLog();
  private final Order<Asking> order;

  /** What pub/sub has yet to bring; null stands for a reconnect. */
  private final ArrayDeque<Object> pipe = new ArrayDeque<>();

  private static final Object RECONNECT = new Object();

  private final List<ModelSubscriber> subscribers = new ArrayList<>();
  private final List<Runnable> later = new ArrayList<>();
  private @Nullable Runnable asked;
  private @Nullable History answer;
  private int faultsLeft = 1;

  OrderSchedule(long seed, Fault fault, Tally tally) {
    this.random = new SplittableRandom(seed);
    // Often less than a page: what was read must be handed over all the same.
    this.order =
        new Order<>(this, CHUNK_BYTES, (1 + random.nextInt(10)) * 200L, new HeldBudget(1 << 20));
    this.fault = fault;
    this.tally = tally;
  }

  void run() {
    for (int i = random.nextInt(4); i > 0; i--) {
      log.publish();
      if (random.nextInt(4) == 0) {
        come(); // before the backplane has confirmed
      }
    }
    order.start();
    int steps = 10 + random.nextInt(60);
    for (int i = 0; i < steps; i++) {
      step();
    }
    settle();
    for (ModelSubscriber subscriber : subscribers) {
      if (subscriber.here && subscriber.member) {
        subscriber.checkEnd();
      } else if (subscriber.here) {
        throw new AssertionError("a subscriber still waits");
      }
    }
  }

  private void step() {
    int dice = random.nextInt(100);
    if (dice < 32) {
      publish();
    } else if (dice < 58) {
      bring();
    } else if (dice < 78) {
      serveRead(random.nextInt(10) == 0);
    } else if (dice < 86) {
      come();
    } else if (dice < 90) {
      leave();
    } else if (dice < 93) {
      runLater();
    } else if (dice < 95) {
      log.trim(1 + random.nextInt(6));
    } else if (dice < 96) {
      log.wipe();
      pipe.add(RECONNECT);
    } else if (dice < 98) {
      log.loseTail(1 + random.nextInt(4));
      pipe.add(RECONNECT);
    } else {
      order.doubt();
    }
  }

  private void publish() {
    Publication publication = log.publish();
    int dice = random.nextInt(20);
    if (dice > 0) {
      pipe.add(publication); // else it is lost on the way
    }
    if (dice == 1) {
      pipe.add(publication);
    }
  }

  private void bring() {
    Object next = pipe.poll();
    if (next == RECONNECT) {
      order.doubt();
    } else if (next instanceof Publication publication) {
      order.received(publication);
    }
  }

  private void serveRead(boolean fails) {
    Runnable ask = asked;
    if (ask != null) {
      asked = null;
      ask.run();
      return;
    }
    History history = answer;
    if (history != null) {
      answer = null;
      if (fails) {
        order.failed();
      } else {
        order.history(history);
      }
    }
  }

  private void come() {
    for (ModelSubscriber subscriber : subscribers) {
      if (!subscriber.here && subscriber.cursor != null) {
        tally.resumed++;
        subscriber.here = true;
        ask(subscriber, new Start(subscriber.continuity, subscriber.cursor, 0), CatchUpStep.FIRST);
        return;
      }
    }
    if (subscribers.size() < 5) {
      int kind = random.nextInt(4);
      ModelSubscriber subscriber = new ModelSubscriber(log, kind > 0);
      subscribers.add(subscriber);
      subscriber.here = true;
      if (kind > 0 || !order.located()) {
        int replay = kind == 1 ? random.nextInt(6) : 0;
        ask(subscriber, new Start(kind > 0, null, kind > 0 ? replay : 1), CatchUpStep.FIRST);
      } else {
        subscriber.joined(null);
      }
    }
  }

  private void ask(ModelSubscriber subscriber, Start start, CatchUpStep step) {
    order.join(new Asking(subscriber, ++subscriber.question), start, step);
  }

  private void leave() {
    if (!subscribers.isEmpty()) {
      ModelSubscriber subscriber = subscribers.get(random.nextInt(subscribers.size()));
      subscriber.here = false;
      subscriber.member = false;
      subscriber.question++;
      if (subscriber.cursor == null) {
        subscribers.remove(subscriber); // it has nothing to come back with
      }
    }
  }

  private void runLater() {
    if (!later.isEmpty()) {
      later.remove(0).run();
    }
  }

  /** Nothing is published any more, nothing is lost, and the idle check comes. */
  private void settle() {
    for (int round = 0; round < 1000; round++) {
      boolean quiet = pipe.isEmpty() && asked == null && answer == null && later.isEmpty();
      if (quiet && round > 0) {
        if (round > 500) {
          return;
        }
        order.doubt();
        round = 500;
        serveRead(false);
        continue;
      }
      bring();
      serveRead(false);
      runLater();
    }
    throw new AssertionError("it never settles");
  }

  @Override
  public void deliver(Publication publication) {
    if (fault == Fault.DROPS_A_DELIVERY && strikes()) {
      return;
    }
    tally.delivered++;
    for (ModelSubscriber subscriber : subscribers) {
      if (subscriber.member && random.nextInt(50) == 0) {
        repair(subscriber, publication);
      } else if (subscriber.member) {
        subscriber.message(publication);
        if (fault == Fault.DOUBLES_A_DELIVERY && strikes()) {
          subscriber.message(publication);
        }
      }
    }
    if (fault == Fault.INVENTS_A_GAP && strikes()) {
      gap(new Gap(Cursor.after(publication), Gap.Reason.TRIMMED, 0));
      gap(new Gap(Cursor.after(publication), Gap.Reason.DIVERGED, Gap.UNKNOWN));
    }
  }

  /** It cannot be given a message: it leaves, and goes on behind what it was given before. */
  private void repair(ModelSubscriber subscriber, Publication publication) {
    tally.repaired++;
    subscriber.member = false;
    Cursor last = subscriber.cursor == null ? Cursor.before(publication) : subscriber.cursor;
    Cursor after = fault == Fault.SKIPS_IN_A_REPAIR && strikes() ? Cursor.after(publication) : last;
    Start start = new Start(subscriber.continuity, after, 0);
    askLater(subscriber, start);
  }

  @Override
  public void gap(Gap gap) {
    tally.gaps.merge(gap.reason(), 1, Integer::sum);
    if (fault == Fault.SWALLOWS_A_GAP && strikes()) {
      return;
    }
    for (ModelSubscriber subscriber : subscribers) {
      if (subscriber.member) {
        subscriber.gap(gap);
      }
    }
  }

  @Override
  public void admit(Asking asking, CatchUp catchUp) {
    if (isGone(asking)) {
      return;
    }
    ModelSubscriber subscriber = asking.subscriber;
    Gap gap = catchUp.gap();
    if (gap != null) {
      tally.gaps.merge(gap.reason(), 1, Integer::sum);
      subscriber.gap(gap);
    }
    for (Publication publication : catchUp.publications()) {
      if (fault != Fault.SKIPS_IN_A_CATCH_UP || !strikes()) {
        subscriber.message(publication);
      }
    }
    subscriber.cursor = catchUp.cursor();
    if (catchUp.joined() || (fault == Fault.JOINS_TOO_EARLY && strikes())) {
      subscriber.joined(catchUp.cursor());
    } else {
      Start start = new Start(subscriber.continuity, catchUp.cursor(), 0);
      askLater(subscriber, start);
    }
  }

  private void askLater(ModelSubscriber subscriber, Start start) {
    int question = ++subscriber.question;
    later.add(
        () -> {
          if (subscriber.question == question) {
            ask(subscriber, start, CatchUpStep.NEXT);
          }
        });
  }

  @Override
  public boolean isGone(Asking asking) {
    return asking.subscriber.question != asking.question;
  }

  @Override
  public void read(long after, int count, boolean begin, int backOff) {
    if (asked != null || answer != null) {
      throw new AssertionError("two reads at a time");
    }
    int page = Math.min(count, 1 + random.nextInt(8));
    asked = () -> answer = log.read(after, page, begin);
  }

  @Override
  public void noProgress() {}

  @Override
  public void stale(Publication publication) {}

  private boolean strikes() {
    return faultsLeft > 0 && random.nextInt(3) == 0 && faultsLeft-- > 0;
  }
}
