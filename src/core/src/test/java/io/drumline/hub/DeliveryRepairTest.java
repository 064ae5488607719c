package io.drumline.hub;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.backplane.MemoryBackplane;
import io.drumline.backplane.MemoryLimits;
import io.drumline.backplane.MessageIds;
import io.drumline.backplane.Retentions;
import io.drumline.hub.order.Start;
import io.drumline.loop.Periodic;
import io.drumline.loop.Watchdog;
import io.drumline.message.CloseCode;
import io.drumline.message.Cursor;
import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.drumline.message.Gap;
import io.drumline.message.Position;
import io.drumline.message.Publication;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.ByteBuf;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever fails between the order of a destination and its subscribers' sockets: each of them sees
 * every message once and in order. Two event loops, which run when the test says so: the first owns
 * the destination, both have subscribers.
 */
class DeliveryRepairTest {
  private static final Destination DESTINATION = owned("/topic/");
  private static final Destination EPHEMERAL = owned("/ephemeral/");

  private final FakeLoop near = new FakeLoop();
  private final FakeLoop far = new FakeLoop();
  private final FailingAllocator memory = new FailingAllocator();
  private final Periodic periodic = new Periodic(new SimpleMeterRegistry());
  private final MessageIds ids = new MessageIds();
  private final MemoryBackplane backplane =
      new MemoryBackplane(
          ids, Retentions.DEFAULTS, MemoryLimits.DEFAULTS, new SimpleMeterRegistry());
  private final Hub hub =
      new Hub(
          new Loops(
              List.of(near.loop(), far.loop()),
              periodic,
              new Watchdog(periodic, Duration.ofSeconds(10), System::nanoTime, this::wallClock),
              memory.allocator()),
          backplane,
          ids,
          TestSettings.hub(
              Map.of("drumline.hub.backlog-limit", "100KB", "drumline.hub.pause-limit", "0s")),
          new SimpleMeterRegistry(),
          null);
  private final List<Client> clients = new ArrayList<>();
  private boolean clockFails;

  /** Writes its name and the body; fails at a body it is told to. */
  private static final class Format implements FrameFormat {
    final String name;
    @Nullable String failsAt;
    boolean failsAtGaps;

    Format(String name) {
      this.name = name;
    }

    /** The order in which a topic walks over its groups. */
    @Override
    public int hashCode() {
      return name.hashCode();
    }

    @Override
    @SuppressWarnings("ReferenceEquality")
    public boolean equals(@Nullable Object other) {
      return this == other;
    }

    @Override
    public String toString() {
      return name;
    }

    @Override
    public void encode(Publication publication, ByteBuf out) {
      String body = new String(publication.body(), US_ASCII);
      if (body.equals(failsAt)) {
        throw new OutOfMemoryError("Java heap space (injected)");
      }
      out.writeBytes(publication.body());
    }

    @Override
    public void encode(Gap gap, Destination destination, ByteBuf out) {
      if (failsAtGaps) {
        throw new IllegalStateException("injected");
      }
      out.writeBytes(("gap:" + gap.reason().text()).getBytes(US_ASCII));
    }
  }

  /** A socket that can be told to fail. */
  private static final class Socket extends EmbeddedChannel {
    boolean looksFail;

    @Override
    public Unsafe unsafe() {
      if (looksFail) {
        throw new OutOfMemoryError("injected");
      }
      return super.unsafe();
    }
  }

  private static final class Client {
    final Socket socket = new Socket();
    final Connection connection;
    final List<String> observed = new ArrayList<>();
    @Nullable String observerFailsAt;
    @Nullable String leavesAt;
    @Nullable Subscription subscription;

    Client(Shard shard, int number) {
      connection = new Connection(socket, shard.loop, shard, "session-" + number, Compression.NONE);
      shard.add(connection);
    }

    void observe(Publication publication) {
      String body = new String(publication.body(), US_ASCII);
      if (body.equals(leavesAt)) {
        requireNonNull(subscription).cancel();
      }
      if (body.equals(observerFailsAt)) {
        observerFailsAt = null;
        throw new IllegalStateException("injected");
      }
      observed.add(body);
    }

    /** The payloads it has been sent. */
    List<String> received() {
      List<String> payloads = new ArrayList<>();
      for (Object message : socket.outboundMessages()) {
        ByteBuf in = ((ByteBuf) message).duplicate();
        while (in.isReadable()) {
          int first = in.readUnsignedByte();
          int length = in.readUnsignedByte();
          if (length == 126) {
            length = in.readUnsignedShort();
          } else if (length == 127) {
            length = (int) in.readLong();
          }
          String payload = in.readCharSequence(length, US_ASCII).toString();
          payloads.add(first == 0x88 ? "close" : payload);
        }
      }
      return payloads;
    }
  }

  @BeforeEach
  void start() {
    backplane.start(hub);
  }

  @AfterEach
  void close() {
    memory.heal();
    for (Client client : clients) {
      client.socket.looksFail = false;
      client.socket.finishAndReleaseAll();
      client.connection.ended();
    }
    near.close();
    far.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void missesNothingWhereNoBufferIsLeftForSoManyGroups(int buffers) {
    for (FakeLoop loop : List.of(near, far)) {
      subscribe(loop, new Format("a"), Start.LIVE);
      subscribe(loop, new Format("b"), Start.CONTINUOUS);
      subscribe(loop, new Format("c"), Start.CONTINUOUS);
    }
    publish("1");
    run();
    memory.allow(buffers);
    publish("2");
    publish("3");
    run();
    memory.heal();
    repair();
    publish("4");
    run();
    everybodyReceived("1", "2", "3", "4");
    assertThat(repairs()).isEqualTo(6 - Math.min(6, buffers));
  }

  @Test
  void missesNothingWhereABatchCannotGrow() {
    Client client = subscribe(near, new Format("a"), Start.CONTINUOUS);
    String large = "x".repeat(2_000);
    memory.growTo(1_000);
    publish("1");
    publish(large);
    publish("3");
    near.runAll();
    memory.heal();
    run();
    assertThat(client.received()).containsExactly("1");
    repair();
    everybodyReceived("1", large, "3");
  }

  @Test
  void batchThatNobodyIsGivenIsCaughtUpWith() {
    subscribe(near, new Format("a"), Start.LIVE);
    subscribe(near, new Format("b"), Start.CONTINUOUS);
    publish("1");
    run();
    clockFails = true; // asked before each batch whether the process stood still
    publish("2");
    publish("3");
    run();
    clockFails = false;
    repair();
    publish("4");
    run();
    everybodyReceived("1", "2", "3", "4");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "b", "c"})
  void nothingIsDeliveredBehindWhatSomeGroupsWereNotGiven(String leaves) {
    String second = "2".repeat(70_000); // written at once
    for (String name : List.of("a", "b", "c")) {
      Client client = subscribe(near, new Format(name), Start.LIVE, true);
      if (name.equals(leaves)) {
        client.leavesAt = second; // while the topic walks over its groups
      }
    }
    publish("1");
    run();
    publish(second);
    publish("3");
    run();
    repair();
    publish("4");
    run();
    for (Client client : clients) {
      if (client.leavesAt == null) {
        assertThat(client.received()).containsExactly("1", second, "3", "4");
      } else {
        assertThat(client.received()).startsWith("1").doesNotContain("3", "4");
      }
    }
  }

  @Test
  void encoderThatFailsConcernsItsOwnGroup() {
    Format failing = new Format("a");
    subscribe(near, failing, Start.LIVE);
    subscribe(near, failing, Start.LIVE);
    Client other = subscribe(near, new Format("b"), Start.LIVE);
    failing.failsAt = "2";
    publish("1");
    publish("2");
    publish("3");
    run();
    assertThat(other.received()).containsExactly("1", "2", "3");
    assertThat(clients.get(0).received()).containsExactly("1");
    failing.failsAt = null;
    repair();
    everybodyReceived("1", "2", "3");
    assertThat(repairs()).isEqualTo(2);
  }

  @Test
  void socketThatFailsConcernsItsOwnClient() {
    Format format = new Format("a");
    for (int i = 0; i < 3; i++) {
      subscribe(near, format, Start.LIVE);
    }
    clients.get(1).socket.looksFail = true;
    publish("1");
    publish("2");
    run();
    assertThat(clients.get(0).received()).containsExactly("1", "2");
    assertThat(clients.get(2).received()).containsExactly("1", "2");
    clients.get(1).socket.looksFail = false;
    repair();
    publish("3");
    run();
    everybodyReceived("1", "2", "3");
  }

  @Test
  void writeThatFailsHalfwayEndsTheConnection() {
    Client client = subscribe(near, new Format("a"), Start.LIVE);
    client.connection.abort(new OutOfMemoryError("injected"));
    assertThat(client.connection.open()).isFalse();
    assertThat(client.socket.isOpen()).isFalse();
    assertThat(client.connection.closeCode()).isEqualTo(CloseCode.INTERNAL_ERROR.code());
  }

  @Test
  void observerThatFailsEndsItsOwnConnection() {
    Format format = new Format("a");
    Client failing = subscribe(near, format, Start.LIVE, true);
    Client other = subscribe(near, format, Start.LIVE, true);
    failing.observerFailsAt = "2";
    publish("1");
    publish("2");
    publish("3");
    run();
    repair();
    assertThat(failing.connection.closeCode()).isEqualTo(CloseCode.INTERNAL_ERROR.code());
    assertThat(other.received()).containsExactly("1", "2", "3");
    assertThat(other.observed).containsExactly("1", "2", "3");
  }

  /**
   * Else its client could not acknowledge what it was given, or owed an ACK for what it was not.
   */
  @Test
  void observerIsToldOnceOfWhatWasWritten() {
    Client client = subscribe(near, new Format("a"), Start.LIVE, true);
    publish("1");
    run();
    client.socket.looksFail = true;
    publish("2");
    publish("3");
    run();
    assertThat(client.observed).containsExactly("1");
    client.socket.looksFail = false;
    repair();
    publish("4");
    run();
    assertThat(client.received()).containsExactly("1", "2", "3", "4");
    assertThat(client.observed).containsExactly("1", "2", "3", "4");
  }

  @Test
  void observerIsNotToldOfWhatAReplayDoesNotGive() {
    publish("1");
    publish("2");
    run();
    Format format = new Format("a");
    format.failsAt = "2";
    Client client = subscribe(near, format, new Start(false, null, 2), true);
    publish("3");
    run();
    format.failsAt = null;
    repair();
    assertThat(client.received()).containsExactly("2", "3");
    assertThat(client.observed).containsExactly("2", "3");
  }

  @Test
  void messageForOneSessionIsGivenToItAgain() {
    Format format = new Format("a");
    Client one = subscribe(near, format, Start.LIVE);
    Client other = subscribe(near, format, Start.LIVE);
    format.failsAt = "mine";
    publish("1");
    backplane.publish(
        new Draft(DESTINATION, new byte[0], "mine".getBytes(US_ASCII), null, one.connection.id()));
    publish("2");
    run();
    format.failsAt = null;
    repair();
    assertThat(one.received()).containsExactly("1", "mine", "2");
    assertThat(other.received()).containsExactly("1", "2");
    assertThat(repairs()).isEqualTo(1);
  }

  @Test
  void positionDoesNotRunAheadOfWhatWasWritten() {
    Client client = subscribe(near, new Format("a"), Start.CONTINUOUS);
    publish("1");
    run();
    Cursor first = requireNonNull(client.subscription).position();
    client.socket.looksFail = true;
    publish("2");
    near.runAll();
    assertThat(client.subscription.position()).isEqualTo(first);
    client.socket.looksFail = false;
    repair();
    assertThat(client.received()).containsExactly("1", "2");
    assertThat(client.subscription.position()).isNotEqualTo(first);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void missesNothingWhereAnEventLoopTakesNoTask(boolean continuity) {
    Start start = continuity ? Start.CONTINUOUS : Start.LIVE;
    Client here = subscribe(near, new Format("a"), start);
    Client there = subscribe(far, new Format("a"), start);
    publish("1");
    near.runAll(); // handed over to the other loop, which has not run yet
    far.rejecting(true);
    publish("2");
    publish("3");
    near.runAll();
    far.rejecting(false);
    publish("4");
    run();
    assertThat(here.received()).containsExactly("1", "2", "3", "4");
    assertThat(there.received()).containsExactly("1");
    repair();
    publish("5");
    run();
    everybodyReceived("1", "2", "3", "4", "5");
    assertThat(hub.metrics().backlogBytes).hasValue(0);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void repairThatWasDueBeforeTheHandOversWaitsForThem(boolean continuity) {
    subscribe(far, new Format("a"), continuity ? Start.CONTINUOUS : Start.LIVE);
    far.loop().execute(shard(far)::repair); // for something else
    publish("1");
    publish("2");
    near.runAll();
    notHandedOver("3");
    run();
    publish("4");
    run();
    repair();
    publish("5");
    run();
    everybodyReceived("1", "2", "3", "4", "5");
    assertThat(repairs()).isEqualTo(1);
  }

  @Test
  void newcomerIsGivenWhatWasNotHandedOverSinceItWasAdmitted() {
    subscribe(far, new Format("a"), Start.LIVE);
    publish("1");
    run();
    Client late = new Client(shard(far), 1);
    clients.add(late);
    far.run(() -> subscribe(late, new Format("a"), Start.CONTINUOUS));
    far.loop().execute(shard(far)::repair);
    near.runAll(); // admitted, which waits behind that repair
    notHandedOver("2");
    run();
    publish("3");
    run();
    repair();
    assertThat(clients.get(0).received()).containsExactly("1", "2", "3");
    assertThat(late.received()).containsExactly("2", "3");
  }

  @Test
  void newcomerIsGivenWhatWasNotHandedOverBehindWhatOthersWereRepairedFor() {
    subscribe(far, new Format("a"), Start.LIVE);
    publish("1");
    run();
    notHandedOver("2");
    Client late = new Client(shard(far), 1);
    clients.add(late);
    far.run(() -> subscribe(late, new Format("a"), Start.CONTINUOUS));
    far.loop()
        .execute(
            () -> {
              shard(far).repair();
              notHandedOver("3");
            });
    near.runAll(); // admitted behind 2
    run();
    publish("4");
    run();
    repair();
    assertThat(clients.get(0).received()).containsExactly("1", "2", "3", "4");
    assertThat(late.received()).containsExactly("3", "4");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void newcomerIsGivenWhatIsSkippedBetweenItsAdmissionAndItsEntry(boolean repairedBefore) {
    subscribe(far, new Format("a"), Start.LIVE);
    publish("1");
    run();
    notHandedOver("2");
    Client late = new Client(shard(far), 1);
    clients.add(late);
    far.run(() -> subscribe(late, new Format("a"), Start.CONTINUOUS));
    if (repairedBefore) {
      far.loop().execute(shard(far)::repair);
    }
    near.runAll(); // admitted behind 2
    publish("3");
    near.runAll(); // skipped, as 2 is owed
    run();
    publish("4");
    run();
    repair();
    assertThat(clients.get(0).received()).containsExactly("1", "2", "3", "4");
    assertThat(late.received()).containsExactly("3", "4");
  }

  @Test
  void whoJoinsBehindAHoleIsNotGivenItsPast() {
    Format format = new Format("a");
    Client early = subscribe(far, format, Start.CONTINUOUS);
    far.rejecting(true);
    publish("1");
    near.runAll();
    far.rejecting(false);
    Client late = subscribe(far, format, Start.CONTINUOUS);
    publish("2");
    run();
    repair();
    assertThat(early.received()).containsExactly("1", "2");
    assertThat(late.received()).containsExactly("2");
  }

  @Test
  void joinsThoughItsQuestionsWereNotTaken() {
    near.rejecting(true); // the owner's
    Client client = new Client(shard(far), 0);
    clients.add(client);
    far.run(() -> subscribe(client, new Format("a"), Start.CONTINUOUS));
    far.run(() -> shard(far).repair()); // in vain
    near.rejecting(false);
    far.run(() -> shard(far).repair());
    near.runAll();
    far.rejecting(true);
    run(); // the owner answers, but that is not taken
    far.rejecting(false);
    repair();
    publish("1");
    run();
    assertThat(client.received()).containsExactly("1");
  }

  @Test
  void holdsNoMoreForAnotherEventLoopThanTheLimit() {
    Client there = subscribe(far, new Format("a"), Start.LIVE);
    List<String> bodies = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      bodies.add(i + "x");
      publish(i + "x".repeat(10_000));
      near.runAll();
      assertThat(hub.metrics().backlogBytes.get()).isLessThanOrEqualTo(100 * 1024);
    }
    run(); // some were dropped; the next one shows it, and they are read
    bodies.add("lastx");
    publish("lastx");
    near.runAll();
    assertThat(hub.metrics().backlogBytes.get()).isLessThanOrEqualTo(100 * 1024);
    run();
    repair();
    assertThat(there.received().stream().map(body -> body.substring(0, body.indexOf('x') + 1)))
        .containsExactlyElementsOf(bodies);
    assertThat(repairs()).isEqualTo(1);
  }

  @Test
  void gapThatCannotBeToldIsToldLater() {
    Format format = new Format("a");
    Client client = subscribe(near, format, Start.CONTINUOUS);
    publish("1");
    run();
    format.failsAtGaps = true;
    ShardTopic topic = requireNonNull(client.subscription).topic;
    near.run(
        () ->
            topic.deliver(
                new Gap(
                    new Cursor(new Position("anotherepoch", 0), ""),
                    Gap.Reason.WIPED,
                    Gap.UNKNOWN)));
    run();
    assertThat(client.received()).containsExactly("1");
    assertThat(requireNonNull(requireNonNull(client.subscription).position()).epoch())
        .isNotEqualTo("anotherepoch");
    format.failsAtGaps = false;
    repair();
    publish("2");
    run();
    assertThat(client.received()).containsExactly("1", "2"); // the backplane knows of no gap
  }

  @Test
  void catchUpThatFailsIsTakenAgain() {
    Client first = subscribe(near, new Format("a"), Start.LIVE);
    publish("1");
    publish("2");
    run();
    Format format = new Format("b");
    format.failsAt = "2";
    Client client = subscribe(near, format, new Start(false, null, 10));
    repair();
    repair();
    assertThat(client.received()).isEmpty();
    format.failsAt = null;
    repair();
    publish("3");
    run();
    assertThat(client.received()).containsExactly("1", "2", "3");
    assertThat(first.received()).containsExactly("1", "2", "3");
  }

  @Test
  void repairThatFailsForLongClosesTheConnection() {
    Format format = new Format("a");
    Client client = subscribe(near, format, Start.LIVE);
    format.failsAt = "1";
    publish("1");
    run();
    for (int i = 0; i < Subscription.MOST_REPAIRS; i++) {
      assertThat(client.connection.open()).isTrue();
      repair();
    }
    repair();
    assertThat(client.connection.closeCode()).isEqualTo(CloseCode.INTERNAL_ERROR.code());
    assertThat(client.received()).containsExactly("close");
  }

  @Test
  void closeThatFailsEndsTheSocket() {
    Client client = subscribe(near, new Format("a"), Start.LIVE);
    memory.allow(0);
    near.run(() -> client.connection.close(CloseCode.KICKED, "Bye."));
    assertThat(client.socket.isOpen()).isFalse();
  }

  @Test
  void oneThatLeavesWhileBehindIsForgotten() {
    Format format = new Format("a");
    Client client = subscribe(near, format, Start.LIVE);
    Client stays = subscribe(near, format, Start.LIVE);
    memory.allow(0);
    publish("1");
    near.runAll();
    near.run(() -> requireNonNull(client.subscription).cancel());
    memory.heal();
    repair();
    publish("2");
    run();
    assertThat(client.received()).isEmpty();
    assertThat(stays.received()).containsExactly("1", "2");
    near.run(() -> requireNonNull(stays.subscription).cancel());
    assertThat(shard(near).loop.counts.subscriptions()).isZero();
    assertThat(shard(near).loop.counts.topics()).isZero();
  }

  @Test
  void whatHasNoHistoryIsCountedAsLost() {
    Client client = new Client(shard(near), 0);
    clients.add(client);
    near.run(
        () ->
            client.subscription =
                shard(near)
                    .subscribe(client.connection, EPHEMERAL, new Format("a"), Start.LIVE, null));
    run();
    memory.allow(0);
    backplane.publish(new Draft(EPHEMERAL, new byte[0], "1".getBytes(US_ASCII)));
    near.runAll();
    memory.heal();
    repair();
    backplane.publish(new Draft(EPHEMERAL, new byte[0], "2".getBytes(US_ASCII)));
    run();
    assertThat(client.received()).containsExactly("2");
    assertThat(hub.metrics().dropped.sum()).isEqualTo(1);
    assertThat(repairs()).isZero();
  }

  private long wallClock() {
    if (clockFails) {
      throw new OutOfMemoryError("injected");
    }
    return System.currentTimeMillis();
  }

  private void everybodyReceived(String... bodies) {
    assertThat(clients).allSatisfy(each -> assertThat(each.received()).containsExactly(bodies));
  }

  private long repairs() {
    return hub.metrics().repairs.sum();
  }

  private Client subscribe(FakeLoop loop, Format format, Start start) {
    return subscribe(loop, format, start, false);
  }

  private Client subscribe(FakeLoop loop, Format format, Start start, boolean observing) {
    Client client = new Client(shard(loop), clients.size());
    clients.add(client);
    Consumer<Publication> observer = observing ? client::observe : null;
    loop.run(
        () ->
            client.subscription =
                shard(loop).subscribe(client.connection, DESTINATION, format, start, observer));
    run();
    return client;
  }

  private void subscribe(Client client, Format format, Start start) {
    client.subscription = shard(far).subscribe(client.connection, DESTINATION, format, start, null);
  }

  private void publish(String body) {
    backplane.publish(new Draft(DESTINATION, new byte[0], body.getBytes(US_ASCII)));
  }

  /** The owner takes it, and the other event loop does not. */
  private void notHandedOver(String body) {
    far.rejecting(true);
    publish(body);
    near.runAll();
    far.rejecting(false);
  }

  /** Both loops do all that they have to do. */
  private void run() {
    for (int i = 0; i < 20; i++) {
      near.runAll();
      far.runAll();
    }
  }

  private Shard shard(FakeLoop loop) {
    return requireNonNull(hub.shard(loop.loop()));
  }

  /** The pause before a repair is over. */
  private void repair() {
    near.run(() -> shard(near).repair());
    far.run(() -> shard(far).repair());
    run();
  }

  /** A destination of the first event loop. */
  private static Destination owned(String prefix) {
    for (int i = 0; ; i++) {
      Destination destination = Destination.of(prefix + i);
      int hash = destination.hashCode();
      if (Math.floorMod(hash ^ (hash >>> 16), 2) == 0) {
        return destination;
      }
    }
  }
}
