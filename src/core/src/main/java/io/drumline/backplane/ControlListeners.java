package io.drumline.backplane;

import io.drumline.backplane.ControlChannel.Listener;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node's listeners by kind of notice: the local half of every control channel. Thread safe.
 */
public final class ControlListeners {
  private static final Logger log = LoggerFactory.getLogger(ControlListeners.class);

  private final MeterRegistry registry;
  private final Counter failures;
  private final Map<String, Kind> kinds = new ConcurrentHashMap<>();
  private volatile boolean hearing;

  private record Kind(List<Listener> listeners, Counter heard) {}

  public ControlListeners(MeterRegistry registry) {
    this.registry = registry;
    failures =
        Counter.builder("drumline.control.failures")
            .description("Notices that a part of this node failed at; each is logged")
            .register(registry);
  }

  /** See {@link ControlChannel#listen}. */
  public void add(String kind, Listener listener) {
    kinds.computeIfAbsent(kind, this::begin).listeners.add(listener);
    // Added first: a concurrent hearing() may call missed() too, and twice does no harm.
    if (hearing) {
      tell(listener::missed);
    }
  }

  /** Only kinds with a listener get a counter: unknown kinds must not create new time series. */
  private Kind begin(String kind) {
    return new Kind(
        new CopyOnWriteArrayList<>(),
        Counter.builder("drumline.control.notices")
            .tag("kind", kind)
            .description("Notices of nodes that this node has heard, by kind")
            .register(registry));
  }

  /** The node receives notices from now on; it may have missed earlier ones. */
  public void hearing() {
    hearing = true;
    kinds.values().forEach(kind -> kind.listeners.forEach(each -> tell(each::missed)));
  }

  /** A notice has arrived. Kinds without a listener come from nodes of another version. */
  public void heard(Notice notice) {
    Kind kind = kinds.get(notice.kind());
    if (kind != null) {
      kind.heard.increment();
      kind.listeners.forEach(each -> tell(() -> each.heard(notice)));
    }
  }

  @SuppressWarnings("CatchThrowable") // the other listeners must still be called
  private void tell(Runnable call) {
    try {
      call.run();
    } catch (Throwable e) {
      failures.increment();
      log.error("A listener failed at a notice of another node", e);
    }
  }
}
