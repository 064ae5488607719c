package io.drumline.hub;

import io.drumline.hub.order.HeldBudget;
import io.drumline.hub.outbound.OutboundBudget;
import io.drumline.message.CloseCode;
import io.drumline.message.Gap;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ToLongFunction;

/**
 * The metrics of the hub. Adders are updated once per flush or message, never once per delivery.
 */
final class HubMetrics {
  final LongAdder publications = new LongAdder();
  final LongAdder deliveries = new LongAdder();
  final LongAdder bytesOut = new LongAdder();
  final LongAdder dropped = new LongAdder();
  final LongAdder reads = new LongAdder();
  final LongAdder readsWithoutProgress = new LongAdder();
  final LongAdder failures = new LongAdder();
  final LongAdder evictedHistories = new LongAdder();
  final LongAdder unavailable = new LongAdder();
  final LongAdder delayedCatchUps = new LongAdder();
  final LongAdder stale = new LongAdder();
  final LongAdder overloads = new LongAdder();
  final LongAdder repairs = new LongAdder();
  final Timer deliver;
  final Timer fanout;
  final Timer resume;
  final Timer loopDelay;
  final AtomicLong backlogBytes = new AtomicLong();
  final AtomicLong catchUpBytes = new AtomicLong();
  final AtomicLong waitingReads = new AtomicLong();
  final AtomicLong lingering = new AtomicLong();
  final HeldBudget held;
  private final Map<Gap.Reason, Counter> gaps = new EnumMap<>(Gap.Reason.class);
  private final Map<CloseCode, Counter> closes = new EnumMap<>(CloseCode.class);

  /**
   * @param loops the counts of each event loop
   * @param backlogLimit maximum bytes between the backplane and the event loops
   */
  HubMetrics(
      MeterRegistry registry, List<LoopCounts> loops, OutboundBudget outbound, long backlogLimit) {
    held = new HeldBudget(backlogLimit);
    count(
        registry,
        "drumline.messages.received",
        "Publications received from the backplane",
        publications);
    count(registry, "drumline.deliveries", "Messages written to subscribers", deliveries);
    count(
        registry,
        "drumline.bytes.out",
        "Bytes written to clients, WebSocket framing included",
        bytesOut);
    count(
        registry,
        "drumline.messages.dropped",
        "Messages lost on this node: its backlog was full, or a message without history could not"
            + " be delivered",
        dropped);
    count(
        registry,
        "drumline.delivery.repairs",
        "Subscriptions that continued from their last message because a delivery to them failed",
        repairs);
    count(registry, "drumline.history.reads", "Reads of history for catching up and repair", reads);
    count(
        registry,
        "drumline.history.reads.fruitless",
        "Of these, answers that explained nothing and brought no subscriber on",
        readsWithoutProgress);
    count(
        registry,
        "drumline.hub.failures",
        "Steps of joining, delivering and closing that failed unexpectedly, and were repaired",
        failures);
    count(
        registry,
        "drumline.history.evicted",
        "Destinations whose history in memory was given up early, because of the limit",
        evictedHistories);
    count(
        registry,
        "drumline.subscriptions.unavailable",
        "SUBSCRIBEs answered before their destination was, which took longer than 4 s",
        unavailable);
    count(
        registry,
        "drumline.subscriptions.delayed",
        "Subscriptions whose catching up waited, as their client replaces others too fast",
        delayedCatchUps);
    count(
        registry,
        "drumline.messages.stale",
        "Publications that were not part of the backplane's history, and were not delivered",
        stale);
    count(
        registry,
        "drumline.loop.overloads",
        "Times that an event loop had work for longer than the pause limit without a break",
        overloads);
    for (int i = 0; i < loops.size(); i++) {
      Gauge.builder("drumline.loop.tick.age", loops.get(i), HubMetrics::tickAgeSeconds)
          .description("Time since an event loop has last come to its periodic tasks")
          .baseUnit("seconds")
          .tag("loop", Integer.toString(i))
          .register(registry);
    }
    deliver =
        timer(
            registry,
            "drumline.publish.deliver",
            "From this node's publishing to the write to its own subscribers, sampled",
            1,
            5,
            25,
            100,
            500,
            2000);
    fanout =
        timer(
            registry,
            "drumline.fanout",
            "From a publication's owner to the end of the flush that wrote it, one a flush",
            1,
            5,
            25,
            100,
            500);
    resume =
        timer(
            registry,
            "drumline.resume",
            "From a SUBSCRIBE that asks for the past to the end of its catching up",
            5,
            25,
            100,
            500,
            2000,
            10000);
    loopDelay =
        timer(
            registry,
            "drumline.loop.delay",
            "How late the event loops' timers fire",
            10,
            50,
            250,
            1000,
            5000);
    // UNAVAILABLE concerns single subscribers, never a whole destination.
    for (Gap.Reason reason : EnumSet.complementOf(EnumSet.of(Gap.Reason.UNAVAILABLE))) {
      gaps.put(
          reason,
          Counter.builder("drumline.gaps")
              .description("Gaps in a destination that subscribers on this node were told of")
              .tag("reason", reason.text())
              .register(registry));
    }
    Gauge.builder("drumline.history.bytes", catchUpBytes, AtomicLong::get)
        .description("Bytes of history that the node keeps for subscriptions that catch up")
        .register(registry);
    Gauge.builder("drumline.history.reads.waiting", waitingReads, AtomicLong::get)
        .description("Reads of history that wait until others are answered, one a destination")
        .register(registry);
    Gauge.builder("drumline.destinations.lingering", lingering, AtomicLong::get)
        .description("Destinations that stay subscribed for a moment without a subscriber")
        .register(registry);
    gauge(
        registry,
        "drumline.connections",
        "Open client connections",
        loops,
        LoopCounts::connections);
    gauge(
        registry,
        "drumline.subscriptions",
        "Subscriptions of open connections",
        loops,
        LoopCounts::subscriptions);
    gauge(
        registry,
        "drumline.destinations",
        "Destinations with a local subscriber, a shard each",
        loops,
        LoopCounts::topics);
    gauge(
        registry,
        "drumline.queue.bytes",
        "Bytes waiting in outbound queues, sampled once a second",
        loops,
        LoopCounts::queueBytes);
    Gauge.builder("drumline.backlog.bytes", backlogBytes, AtomicLong::get)
        .description("Bytes between the backplane and the event loops")
        .register(registry);
    Gauge.builder("drumline.backlog.held.bytes", held, HeldBudget::used)
        .description("Bytes of live messages that wait while their destination is compared")
        .register(registry);
    Gauge.builder("drumline.backlog.limit.bytes", () -> backlogLimit)
        .description("Bytes of backlog beyond which publications are dropped")
        .register(registry);
    Gauge.builder("drumline.outbound.bytes", outbound, OutboundBudget::used)
        .description("Bytes of the buffers that wait in outbound queues, each counted once")
        .register(registry);
    Gauge.builder("drumline.outbound.limit.bytes", outbound, OutboundBudget::limit)
        .description("Bytes in outbound queues beyond which the slowest clients are closed")
        .register(registry);
    count(
        registry,
        "drumline.outbound.closes",
        "Slow consumers closed because the outbound queues of the node were over their limit",
        outbound.closes);
    for (CloseCode code : CloseCode.values()) {
      closes.put(
          code,
          Counter.builder("drumline.closes")
              .description("WebSockets closed by this node, by reason")
              .tag("reason", code.name().toLowerCase(java.util.Locale.ROOT))
              .register(registry));
    }
  }

  private static double tickAgeSeconds(LoopCounts loop) {
    return loop.tickAge().toNanos() / 1e9;
  }

  void gap(Gap.Reason reason) {
    Counter counter = gaps.get(reason);
    if (counter != null) {
      counter.increment();
    }
  }

  void closed(CloseCode code) {
    Counter counter = closes.get(code);
    if (counter != null) {
      counter.increment();
    }
  }

  private static Timer timer(
      MeterRegistry registry, String name, String description, long... bucketMillis) {
    return Timer.builder(name)
        .description(description)
        .serviceLevelObjectives(
            Arrays.stream(bucketMillis).mapToObj(Duration::ofMillis).toArray(Duration[]::new))
        .register(registry);
  }

  private static void count(
      MeterRegistry registry, String name, String description, LongAdder adder) {
    FunctionCounter.builder(name, adder, LongAdder::doubleValue)
        .description(description)
        .register(registry);
  }

  private static void gauge(
      MeterRegistry registry,
      String name,
      String description,
      List<LoopCounts> loops,
      ToLongFunction<LoopCounts> value) {
    Gauge.builder(name, loops, all -> all.stream().mapToLong(value).sum())
        .description(description)
        .strongReference(true) // nothing else keeps this list
        .register(registry);
  }
}
