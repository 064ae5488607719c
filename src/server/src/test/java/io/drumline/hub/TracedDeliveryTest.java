package io.drumline.hub;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.drumline.backplane.MemoryBackplane;
import io.drumline.backplane.MemoryLimits;
import io.drumline.backplane.MessageIds;
import io.drumline.backplane.Retentions;
import io.drumline.hub.order.Start;
import io.drumline.hub.outbound.OutboundBudget;
import io.drumline.message.Destination;
import io.drumline.message.Gap;
import io.drumline.message.Position;
import io.drumline.message.Publication;
import io.drumline.tracing.Spans;
import io.drumline.tracing.otel.MicrometerSpans;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.tracing.otel.bridge.OtelCurrentTraceContext;
import io.micrometer.tracing.otel.bridge.OtelPropagator;
import io.micrometer.tracing.otel.bridge.OtelTracer;
import io.netty.buffer.ByteBuf;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.ResourceLeakDetector;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.propagation.ContextPropagators;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A traced publication on one event loop, which runs when the test says so. */
class TracedDeliveryTest {
  private static final Destination DESTINATION = Destination.of("/ephemeral/a");
  private static final String SAMPLED =
      "traceparent:00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\n";
  private static final String OTHER = SAMPLED.replace("traceparent", "applicationx");

  private static final int ROUNDS = 30;
  private static final int MEASURED = 1_000;

  private final InMemorySpanExporter exporter = InMemorySpanExporter.create();
  private final SdkTracerProvider provider =
      SdkTracerProvider.builder().addSpanProcessor(SimpleSpanProcessor.create(exporter)).build();
  private final EventLoops loops = new EventLoops(1);
  private final EmbeddedChannel turns = new EmbeddedChannel();
  private final MessageIds ids = new MessageIds();
  private final HubSettings properties = TestSettings.hub(Map.of());
  private final MemoryBackplane backplane =
      new MemoryBackplane(
          ids, Retentions.DEFAULTS, MemoryLimits.DEFAULTS, new SimpleMeterRegistry());
  private final Hub hub =
      new Hub(loops, backplane, ids, properties, new SimpleMeterRegistry(), null);
  private final Shard shard = hub.newShard(turns.eventLoop(), new LoopCounts());
  private final ShardTopic topic = shard.newTopic(DESTINATION);

  @AfterEach
  void close() {
    turns.finishAndReleaseAll();
    shard.loop.queues.sweep(); // which holds a reference to what waits
    loops.close();
    provider.close();
  }

  @Test
  void endsWithTheFlushThatWritesIt() {
    Owner owner = owner(spans());
    subscribe(owner);
    received(owner, publication(SAMPLED), System.nanoTime());
    assertThat(turns.outboundMessages()).isEmpty();
    assertThat(exporter.getFinishedSpanItems()).isEmpty();
    turns.runPendingTasks();
    assertThat(turns.outboundMessages()).hasSize(1);
    assertThat(exporter.getFinishedSpanItems())
        .singleElement()
        .satisfies(span -> assertThat(span.getName()).isEqualTo("deliver /ephemeral/**"));
  }

  @Test
  void beginsWhenItArrived() {
    Owner owner = owner(spans());
    subscribe(owner);
    long hour = 3_600_000_000_000L;
    received(owner, publication(SAMPLED), System.nanoTime() - hour);
    turns.runPendingTasks();
    assertThat(exporter.getFinishedSpanItems())
        .singleElement()
        .satisfies(
            span ->
                assertThat(span.getEndEpochNanos() - span.getStartEpochNanos())
                    .isGreaterThanOrEqualTo(hour - 1_000));
  }

  @Test
  void hasNoSpanWhereNobodyIsSubscribed() {
    Owner owner = owner(spans());
    owner.join(topic);
    turns.runPendingTasks();
    owner.leave(topic); // but lingers
    received(owner, publication(SAMPLED), System.nanoTime());
    turns.runPendingTasks();
    assertThat(exporter.getFinishedSpanItems()).isEmpty();
  }

  @Test
  void whatIsNotTracedAllocatesNothingMoreThanWithoutTracing() {
    ResourceLeakDetector.Level level = ResourceLeakDetector.getLevel();
    ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED); // it takes samples
    try {
      Owner off = owner(null);
      Owner on = owner(spans());
      subscribe(off);
      subscribe(on);
      long[] more = new long[ROUNDS];
      long[] moreIfTraced = new long[ROUNDS];
      for (int round = 0; round < ROUNDS; round++) {
        long without = allocated(off, SAMPLED);
        more[round] = allocated(on, OTHER) - without;
        moreIfTraced[round] = allocated(on, SAMPLED) - without;
        exporter.reset();
      }
      // The compiler changes what is allocated, in some rounds halfway.
      assertThat(median(more)).isZero();
      assertThat(median(moreIfTraced)).isPositive(); // it can tell
    } finally {
      ResourceLeakDetector.setLevel(level);
    }
  }

  private static long median(long[] values) {
    Arrays.sort(values);
    return values[values.length / 2];
  }

  /** Bytes that a publication allocates on its way from the owner to the sockets. */
  private long allocated(Owner owner, String header) {
    Publication publication = publication(header);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    deliver(owner, publication, MEASURED);
    return (threads.getCurrentThreadAllocatedBytes() - before) / MEASURED;
  }

  private void deliver(Owner owner, Publication publication, int times) {
    for (int i = 0; i < times; i++) {
      received(owner, publication, 0);
      turns.runPendingTasks();
      ByteBuf written = turns.readOutbound();
      written.release();
    }
  }

  private static void received(Owner owner, Publication publication, long time) {
    owner.received(new Arrival(publication, Frames.Payload.TEXT, time));
  }

  private Owner owner(@Nullable Spans spans) {
    return new Owner(
        turns.eventLoop(),
        backplane,
        new Watch(ids, spans),
        new HubMetrics(new SimpleMeterRegistry(), List.of(), new OutboundBudget(1), 1),
        properties,
        1);
  }

  private void subscribe(Owner owner) {
    owner.join(topic);
    turns.runPendingTasks();
    if (shard.connections.size() == 0) {
      Connection connection = new Connection(turns, shard.loop, shard, "session", Compression.NONE);
      shard.add(connection);
      topic.add(
          new Subscription(
              shard.connections.subscriber(connection),
              topic,
              new GroupKey(new Format("f"), Compression.NONE, false),
              Start.LIVE,
              null));
    }
  }

  private Spans spans() {
    Tracer tracer = provider.get("test");
    return new MicrometerSpans(
        new OtelTracer(tracer, new OtelCurrentTraceContext(), event -> {}),
        new OtelPropagator(
            ContextPropagators.create(W3CTraceContextPropagator.getInstance()), tracer),
        false);
  }

  private record Format(String name) implements FrameFormat {
    @Override
    public void encode(Publication publication, ByteBuf out) {
      out.writeBytes(publication.body());
    }

    @Override
    public void encode(Gap gap, Destination destination, ByteBuf out) {}
  }

  private static Publication publication(String header) {
    return new Publication(
        DESTINATION,
        Position.NONE,
        "",
        "id",
        0,
        header.getBytes(US_ASCII),
        "body".getBytes(US_ASCII),
        null);
  }
}
