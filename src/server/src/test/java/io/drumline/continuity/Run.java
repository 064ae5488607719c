package io.drumline.continuity;

import io.drumline.continuity.Evidence.Lane;
import io.drumline.continuity.Evidence.Log;
import io.drumline.continuity.Publisher.Repeats;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A load on a running cluster, and what its clients saw. All clients live on one event loop; the
 * methods are for one other thread.
 */
public final class Run implements AutoCloseable {
  /** How long anything may take that has no reason to take long. */
  static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final long LOOK_MILLIS = 20;
  private static final long TICK_MILLIS = 10;
  private static final int DROPPED_A_LOOK = 2;

  /** How long late copies may still arrive when everything is there. */
  private static final Duration SETTLE = Duration.ofMillis(500);

  /** Of as many subscribers of a destination, one is as patient as the load's clients can be. */
  private static final int PATIENT_EACH = 10;

  private static final int DESTINATIONS_PER_PUBLISHER = 5;

  private final EventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final Load load;
  private final Random random;
  private final List<Subscriber> subscribers = new ArrayList<>();
  private final List<Publisher> publishers = new ArrayList<>();
  private final List<Visits> visits = new ArrayList<>();
  private final List<Hoarder> hoarders = new ArrayList<>();
  private final List<Turn> turns = new ArrayList<>();
  private long beganAt;
  private long turn;
  private boolean publishing;

  /** A publisher's turn to send to one of its destinations. */
  private record Turn(Publisher publisher, int lane) {}

  private Run(Load load) {
    this.load = load;
    random = new Random(load.clients().seed());
  }

  /** Connects publishers and subscribers. */
  static Run start(Load load) {
    Run run = new Run(load);
    run.onLoop(
        () -> {
          run.addPublishers();
          for (int i = 0; i < load.subscribers(); i++) {
            run.subscriber("s" + i, i).connect();
          }
          return run;
        });
    return run;
  }

  private void addPublishers() {
    int count = Math.max(2, load.destinations() / DESTINATIONS_PER_PUBLISHER);
    List<List<String>> destinations =
        Stream.<List<String>>generate(ArrayList::new).limit(count).toList();
    for (int d = 0; d < load.destinations(); d++) { // each has two, hardly ever the same two
      int other = 1 + d / count % (count - 1);
      destinations.get(d % count).add(load.destination(d));
      destinations.get((d + other) % count).add(load.destination(d));
    }
    for (int p = 0; p < count; p++) {
      Publisher publisher =
          new Publisher(
              "p" + p,
              destinations.get(p),
              group.next(),
              load,
              load.hasIds(p) ? Repeats.SAME_ID : Repeats.NEVER,
              reconnect(p));
      publishers.add(publisher);
      IntStream.range(0, publisher.lanes()).forEach(lane -> turns.add(new Turn(publisher, lane)));
      publisher.start();
    }
  }

  private Reconnect reconnect(int first) {
    return new Reconnect(load.urls(), first, random);
  }

  private Subscriber subscriber(String name, int number) {
    String destination = load.destination(number);
    int round = number / load.destinations(); // one at each destination
    Subscriber subscriber =
        new Subscriber(
            name,
            destination,
            group.next(),
            round % PATIENT_EACH == PATIENT_EACH - 1
                ? load.clients().patient().number(round)
                : load.clients().number(round),
            reconnect(round),
            () -> counts(destination, Lane::sent));
    subscribers.add(subscriber);
    return subscriber;
  }

  private interface Count {
    long of(Lane lane);
  }

  private Map<String, Long> counts(String destination, Count count) {
    return turns.stream()
        .filter(each -> each.publisher.destination(each.lane).equals(destination))
        .map(each -> each.publisher.lane(each.lane))
        .collect(Collectors.toMap(Lane::publisher, count::of));
  }

  /** Waits until every subscriber that stays has a confirmed subscription. */
  public Run awaitLive() {
    return awaitLive(PATIENCE);
  }

  /** The same, where there are so many that it may take longer. */
  Run awaitLive(Duration patience) {
    await("all subscribers are live", () -> staying().allMatch(Subscriber::live), patience);
    return this;
  }

  /** Begins to publish. */
  Run publish() {
    onLoop(
        () -> {
          publishing = true;
          beganAt = System.nanoTime();
          return group.scheduleAtFixedRate(this::tick, 0, TICK_MILLIS, TimeUnit.MILLISECONDS);
        });
    return this;
  }

  private void tick() {
    if (!publishing) {
      return;
    }
    long due = (System.nanoTime() - beganAt) * load.rate() / TimeUnit.SECONDS.toNanos(1);
    turn = Math.max(turn, due - load.rate()); // after a pause of this process, no flood
    for (; turn < due; turn++) {
      Turn next = turns.get((int) (turn % turns.size()));
      next.publisher.publish(next.lane);
    }
  }

  /** Waits until this many more messages are accepted. */
  public Run awaitAccepted(long more) {
    long wanted = onLoop(this::accepted) + more;
    await(more + " more messages are accepted", () -> accepted() >= wanted);
    return this;
  }

  /** Waits until each publisher's last accepted message has reached all who stay, at some time. */
  public Run awaitCaughtUp() {
    Map<String, Map<String, Long>> due = onLoop(() -> countsOfAll(Lane::accepted));
    await("all subscribers have caught up", () -> haveSeen(due));
    return this;
  }

  private long accepted() {
    return publishers.stream().mapToLong(Publisher::accepted).sum();
  }

  private Map<String, Map<String, Long>> countsOfAll(Count count) {
    Map<String, Map<String, Long>> counts = new HashMap<>();
    for (int d = 0; d < load.destinations(); d++) {
      counts.put(load.destination(d), counts(load.destination(d), count));
    }
    return counts;
  }

  private boolean haveSeen(Map<String, Map<String, Long>> due) {
    return staying().allMatch(each -> each.hasSeen(due.getOrDefault(each.destination(), Map.of())));
  }

  private Stream<Subscriber> staying() {
    return subscribers.stream().filter(Subscriber::stays);
  }

  /** Lets the load go on for so long: the length of a fault. */
  Run last(Duration time) {
    CompletableFuture<Boolean> over = new CompletableFuture<>();
    group.schedule(() -> over.complete(true), time.toMillis(), TimeUnit.MILLISECONDS);
    over.join();
    return this;
  }

  /** For this time, subscribers lose their connections one after the other; each comes back. */
  public Run reconnecting(Duration time) {
    long end = System.nanoTime() + time.toNanos();
    onLoop(
        () -> {
          dropSome(end);
          return true;
        });
    return this;
  }

  private void dropSome(long end) {
    if (System.nanoTime() - end < 0) {
      for (int i = 0; i < DROPPED_A_LOOK; i++) {
        subscribers.get(random.nextInt(subscribers.size())).drop();
      }
      group.schedule(() -> dropSome(end), LOOK_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  /** More subscribers, who come within the time, each for up to a fifth of it. */
  void visitors(int count, Duration time) {
    onLoop(
        () -> {
          for (int i = 0; i < count; i++) {
            Subscriber visitor = subscriber("visitor" + i, random.nextInt(load.subscribers()));
            visitor.visit();
            long from = random.nextLong(time.toMillis());
            long until = from + random.nextLong(time.toMillis() / 5);
            group.schedule(visitor::connect, from, TimeUnit.MILLISECONDS);
            group.schedule(visitor::leave, until, TimeUnit.MILLISECONDS);
          }
          return count;
        });
  }

  /** Others come and go, one after the other from each of so many clients, until the end. */
  void visits(int clients) {
    onLoop(
        () -> {
          for (int i = 0; i < clients; i++) {
            String all = "visits" + load.clients().seed();
            Visits each = new Visits(all + '-' + i, all, group.next(), load.urls());
            visits.add(each);
            each.start();
          }
          return clients;
        });
  }

  /** From now on, this node's heap fills with what a few clients leave there, until it ends. */
  public Run hoard(URI url) {
    onLoop(
        () -> {
          Hoarder hoarder = new Hoarder(url, group.next());
          hoarders.add(hoarder);
          hoarder.start();
          return true;
        });
    return this;
  }

  /** Ends what {@link #hoard} began. */
  Run stopHoarding() {
    onLoop(
        () -> {
          hoarders.forEach(Hoarder::end);
          hoarders.clear();
          return true;
        });
    return this;
  }

  /**
   * Ends publishing and waits until all that was accepted has arrived; what has not when patience
   * ends is judged as missing.
   */
  Evidence finish(Duration patience) {
    onLoop(() -> publishing = false);
    when(() -> publishers.stream().allMatch(Publisher::quiet), patience).join();
    Map<String, Map<String, Long>> due = onLoop(() -> countsOfAll(Lane::accepted));
    when(() -> haveSeen(due), patience).join();
    last(SETTLE);
    return onLoop(this::evidence);
  }

  private Evidence evidence() {
    Map<String, List<Lane>> lanes =
        turns.stream()
            .collect(
                Collectors.groupingBy(
                    each -> each.publisher.destination(each.lane),
                    Collectors.mapping(
                        each -> each.publisher.lane(each.lane), Collectors.toList())));
    List<Log> logs = subscribers.stream().flatMap(each -> each.logs().stream()).toList();
    return new Evidence(lanes, logs);
  }

  private void await(String what, BooleanSupplier condition) {
    await(what, condition, PATIENCE);
  }

  private void await(String what, BooleanSupplier condition, Duration patience) {
    if (!when(condition, patience).join()) {
      String state =
          onLoop(
              () ->
                  "%d of %d live, %d accepted, %d received"
                      .formatted(
                          subscribers.stream().filter(Subscriber::live).count(),
                          subscribers.size(),
                          accepted(),
                          subscribers.stream().mapToLong(Subscriber::received).sum()));
      throw new AssertionError("Waited in vain until " + what + ": " + state);
    }
  }

  /** Completes with whether the condition, looked at on the loop, became true in time. */
  private CompletableFuture<Boolean> when(BooleanSupplier condition, Duration patience) {
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    var looking =
        group.scheduleAtFixedRate(
            () -> {
              if (condition.getAsBoolean()) {
                done.complete(true);
              }
            },
            0,
            LOOK_MILLIS,
            TimeUnit.MILLISECONDS);
    done.whenComplete((result, failure) -> looking.cancel(false));
    return done.completeOnTimeout(false, patience.toMillis(), TimeUnit.MILLISECONDS);
  }

  private <T> T onLoop(Callable<T> task) {
    return group.submit(task).syncUninterruptibly().getNow();
  }

  @Override
  public void close() {
    onLoop(
        () -> {
          visits.forEach(Visits::end);
          hoarders.forEach(Hoarder::end);
          publishers.forEach(Publisher::close);
          subscribers.forEach(Subscriber::leave);
          return true;
        });
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly();
  }
}
