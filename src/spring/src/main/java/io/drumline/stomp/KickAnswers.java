package io.drumline.stomp;

import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;

/**
 * Adds up how many sockets the nodes have closed for a kick, so that the kick of a user that nobody
 * is connected as can say so. Any thread.
 */
final class KickAnswers {
  /** A node that has not answered by then counts as silent: it may be of an older version. */
  private static final long PATIENCE_MILLIS = 1000;

  private final IntSupplier nodes;
  private final Map<String, Sum> waiting = new ConcurrentHashMap<>();

  /**
   * @param nodes how many are alive
   */
  KickAnswers(IntSupplier nodes) {
    this.nodes = nodes;
  }

  /** What one kick has closed so far. */
  private static final class Sum {
    private final int nodes;
    private final CompletableFuture<KickResult> whole = new CompletableFuture<>();
    private int answered;
    private int closed;

    Sum(int nodes) {
      this.nodes = nodes;
    }

    synchronized void add(int sockets) {
      answered++;
      closed += sockets;
      if (answered >= nodes) {
        whole.complete(soFar());
      }
    }

    synchronized KickResult soFar() {
      return new KickResult(closed, Math.max(0, nodes - answered));
    }
  }

  /** Waits from now on; the id goes with the kick. */
  String expect() {
    String id = UUID.randomUUID().toString();
    waiting.put(id, new Sum(Math.max(1, nodes.getAsInt())));
    return id;
  }

  /** A node has closed so many sockets for a kick, perhaps none. */
  void answered(String id, int closed) {
    Sum sum = waiting.get(id);
    if (sum != null) {
      sum.add(closed);
    }
  }

  /** Completes once all nodes have answered, or after a second. */
  CompletableFuture<KickResult> whole(String id) {
    Sum sum = waiting.get(id);
    if (sum == null) {
      throw new IllegalStateException("Nothing is expected for " + id + ".");
    }
    CompletableFuture<Void> late =
        new CompletableFuture<Void>()
            .completeOnTimeout(null, PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
    var unused = late.thenRun(() -> sum.whole.complete(sum.soFar()));
    return sum.whole.whenComplete((kicked, failure) -> forget(id));
  }

  /** The kick could not be told. */
  void forget(String id) {
    waiting.remove(id);
  }
}
