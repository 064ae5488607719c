package io.drumline.stomp;

import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;

/**
 * Adds up the connections that the nodes closed for a kick, so that a kick can report that the user
 * was not connected. Any thread.
 */
final class KickAnswers {
  /** A node that has not answered by then counts as silent: it may run an older version. */
  private static final long PATIENCE_MILLIS = 1000;

  private final IntSupplier nodes;
  private final Map<String, Sum> waiting = new ConcurrentHashMap<>();

  /**
   * @param nodes the number of live nodes
   */
  KickAnswers(IntSupplier nodes) {
    this.nodes = nodes;
  }

  /** The answers to one kick so far. */
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

  /** Starts to wait for answers; the kick carries the id returned. */
  String expect() {
    String id = UUID.randomUUID().toString();
    waiting.put(id, new Sum(Math.max(1, nodes.getAsInt())));
    return id;
  }

  /** Adds a node's answer: the number of connections it closed, perhaps 0. */
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

  /** Stops waiting: the kick could not be announced. */
  void forget(String id) {
    waiting.remove(id);
  }
}
