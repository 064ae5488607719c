package io.drumline.hub;

import static io.drumline.hub.FailingCalls.proxy;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.backplane.Backplane;
import io.drumline.backplane.MemoryBackplane;
import io.drumline.backplane.MemoryLimits;
import io.drumline.backplane.MessageIds;
import io.drumline.backplane.Retentions;
import io.drumline.hub.FailingCalls.Calls;
import io.drumline.hub.FailingCalls.Step;
import io.drumline.hub.order.Start;
import io.drumline.loop.Periodic;
import io.drumline.loop.Watchdog;
import io.drumline.message.CloseCode;
import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.drumline.message.Gap;
import io.drumline.message.Publication;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Two event loops, the first of which owns the destination. */
final class FailingScene implements AutoCloseable {
  private record Format(String name, Calls calls) implements FrameFormat {
    @Override
    public void encode(Publication publication, ByteBuf out) {
      calls.at(Step.ENCODE);
      out.writeBytes(publication.body());
    }

    @Override
    public void encode(Gap gap, Destination destination, ByteBuf out) {
      calls.at(Step.ENCODE);
      out.writeBytes(("gap:" + gap.reason().text()).getBytes(US_ASCII));
    }
  }

  private static final class Socket extends EmbeddedChannel {
    private final Calls calls;

    Socket(Calls calls) {
      this.calls = calls;
    }

    @Override
    public Unsafe unsafe() {
      if (calls != null) { // else it is being made
        calls.at(Step.LOOK_AT_QUEUE);
      }
      return super.unsafe();
    }
  }

  private static final class Client {
    final TickingLoop loop;
    final Socket socket;
    final Connection connection;
    final List<String> observed = new ArrayList<>();
    @Nullable Subscription subscription;

    /** How many messages were published when it was told that it is subscribed. */
    int told = -1;

    boolean leaves;

    Client(TickingLoop loop, Shard shard, Calls calls, String id) {
      this.loop = loop;
      socket = new Socket(calls);
      connection = new Connection(socket, shard.loop, shard, id, Compression.NONE);
    }

    List<String> received() {
      List<String> payloads = new ArrayList<>();
      for (Object message : socket.outboundMessages()) {
        ByteBuf in = ((ByteBuf) message).duplicate();
        while (in.isReadable()) {
          int first = in.readUnsignedByte();
          int length = in.readUnsignedByte();
          String payload = in.readCharSequence(length, US_ASCII).toString();
          if (first != 0x88) {
            payloads.add(payload);
          }
        }
      }
      return payloads;
    }

    boolean open() {
      return connection.open() && socket.isOpen();
    }
  }

  private final Destination destination = destination();
  private final Calls calls;
  private final TickingLoop near;
  private final TickingLoop far;
  private final MemoryBackplane backplane;
  private final Hub hub;
  private final List<Client> clients = new ArrayList<>();
  private int published;

  FailingScene(Calls calls) {
    this.calls = calls;
    near = new TickingLoop(calls);
    far = new TickingLoop(calls);
    MessageIds ids = new MessageIds();
    backplane =
        new MemoryBackplane(
            ids, Retentions.DEFAULTS, MemoryLimits.DEFAULTS, new SimpleMeterRegistry());
    Periodic periodic = new Periodic(new SimpleMeterRegistry());
    Watchdog watchdog =
        new Watchdog(periodic, Duration.ofSeconds(10), System::nanoTime, System::currentTimeMillis);
    hub =
        new Hub(
            new Loops(List.of(near.loop, far.loop), periodic, watchdog, allocator()),
            failing(backplane),
            ids,
            TestSettings.hub(Map.of("drumline.hub.linger", "0s")),
            new SimpleMeterRegistry(),
            null);
    backplane.start(hub);
    run();
    calls.counting = true;
  }

  private ByteBufAllocator allocator() {
    return proxy(
        ByteBufAllocator.class,
        (method, arguments, real) -> {
          if (method.equals("directBuffer")) {
            calls.at(Step.ALLOCATE);
          }
          return real.call(PooledByteBufAllocator.DEFAULT);
        });
  }

  private Backplane failing(Backplane real) {
    return proxy(
        Backplane.class,
        (method, arguments, call) -> {
          switch (method) {
            case "subscribe" -> calls.at(Step.BACKPLANE_SUBSCRIBE);
            case "unsubscribe" -> calls.at(Step.BACKPLANE_UNSUBSCRIBE);
            case "read" -> calls.at(Step.BACKPLANE_READ);
            default -> {
              // not of the hub
            }
          }
          Object result = call.call(real);
          if (method.equals("read") && result instanceof CompletionStage<?> stage) {
            try {
              calls.at(Step.BACKPLANE_ANSWER);
            } catch (RuntimeException | Error e) {
              return CompletableFuture.failedFuture(e);
            }
            return stage;
          }
          return result;
        });
  }

  void play() {
    join(near, "plain", Start.LIVE);
    join(near, "a", Start.CONTINUOUS);
    join(far, "a", Start.CONTINUOUS);
    join(far, "b", Start.LIVE);
    publish();
    publish();
    run();
    join(near, "a", Start.CONTINUOUS);
    join(far, "b", new Start(true, null, 1));
    publish();
    run();
    Client leaving = join(far, "a", Start.CONTINUOUS);
    Client closed = join(near, "a", Start.CONTINUOUS);
    publish();
    leaving.leaves = true;
    closed.leaves = true;
    act(
        leaving,
        () -> {
          if (leaving.subscription != null) {
            leaving.subscription.cancel();
          }
        });
    act(closed, () -> closed.connection.close(CloseCode.KICKED, "Bye."));
    publish();
    run();
    goOn(20);
    leaveAlone();
    calls.counting = false;
    goOn(60);
    publish();
    run();
    goOn(5);
    check();
  }

  /** A destination whose only subscriber leaves: the backplane is told. */
  private void leaveAlone() {
    Client client = new Client(far, shard(far), calls, "alone");
    far.run(() -> shard(far).add(client.connection));
    act(
        client,
        () ->
            shard(far)
                .subscribe(
                    client.connection,
                    Destination.of("/topic/alone"),
                    new Format("a", calls),
                    Start.LIVE,
                    null)
                .cancel());
    run();
    goOn(5);
  }

  private Client join(TickingLoop loop, String format, Start start) {
    Client client = new Client(loop, shard(loop), calls, "session-" + clients.size());
    clients.add(client);
    loop.run(() -> shard(loop).add(client.connection));
    act(
        client,
        () -> {
          Subscription member =
              shard(loop)
                  .subscribe(
                      client.connection,
                      destination,
                      new Format(format, calls),
                      start,
                      publication -> {
                        calls.at(Step.OBSERVE);
                        client.observed.add(new String(publication.body(), US_ASCII));
                      });
          client.subscription = member;
          member.onBegin(
              joined -> {
                calls.at(Step.TELL_BEGINNING);
                if (client.told < 0 && joined.outcome() == Joined.Outcome.LIVE) {
                  client.told = published;
                }
              });
        });
    run();
    return client;
  }

  /** A client's frame: what it throws ends the connection, as in the listener. */
  private static void act(Client client, Runnable frame) {
    client.loop.run(
        () -> {
          try {
            frame.run();
          } catch (RuntimeException | Error e) {
            client.connection.close(CloseCode.INTERNAL_ERROR, "The server failed: reconnect.");
          }
        });
  }

  private void publish() {
    String body = Integer.toString(published++);
    backplane.publish(new Draft(destination, new byte[0], body.getBytes(US_ASCII)));
  }

  private void run() {
    for (int i = 0; i < 6; i++) {
      near.runAll();
      far.runAll();
    }
  }

  private void goOn(int ticks) {
    for (int i = 0; i < ticks; i++) {
      near.tick();
      far.tick();
      run();
    }
  }

  private void check() {
    int open = 0;
    for (Client client : clients) {
      List<String> got = client.received();
      int first = got.isEmpty() ? published : Integer.parseInt(got.get(0));
      assertThat(got).as("in order and once").isEqualTo(numbers(first, first + got.size()));
      if (client.open() && !client.leaves) {
        open++;
        assertThat(first)
            .as("%s was told before message %s: %s", client.connection.id(), client.told, got)
            .isLessThanOrEqualTo(client.told);
        assertThat(got).as(client.connection.id()).endsWith(Integer.toString(published - 1));
        assertThat(client.observed).as("what was written, once").isEqualTo(got);
      }
    }
    assertThat(open).isGreaterThanOrEqualTo(5); // at most one was closed for the failure
    assertThat(hub.metrics().backlogBytes).hasValue(0);
    assertThat(near.uncaught).isEmpty();
    assertThat(far.uncaught).isEmpty();
  }

  private static List<String> numbers(int from, int to) {
    List<String> numbers = new ArrayList<>();
    for (int i = from; i < to; i++) {
      numbers.add(Integer.toString(i));
    }
    return numbers;
  }

  private Shard shard(TickingLoop loop) {
    return requireNonNull(hub.shard(loop.loop));
  }

  private static Destination destination() {
    for (int i = 0; ; i++) {
      Destination destination = Destination.of("/topic/" + i);
      int hash = destination.hashCode();
      if (Math.floorMod(hash ^ (hash >>> 16), 2) == 0) {
        return destination;
      }
    }
  }

  @Override
  public void close() {
    calls.counting = false;
    clients.forEach(client -> client.socket.finishAndReleaseAll());
    near.tasks.finishAndReleaseAll();
    far.tasks.finishAndReleaseAll();
  }
}
