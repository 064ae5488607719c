package io.drumline.redis;

import io.drumline.backplane.BackplaneException;
import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.protocol.AsyncCommand;
import io.lettuce.core.protocol.RedisCommand;
import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Sends publications to Redis, pipelined, in the order in which they came. What may have been
 * stored when a connection was lost is sent again on the next one, before anything newer, and the
 * script stores it once.
 *
 * <p>Concurrency: callers add to {@code waiting}; one task on {@code owner} sends everything that
 * waits in one flush; Lettuce's I/O thread completes, or adds to {@code again}. While something is
 * to be sent again, nothing else is sent until everything sent before is answered, so that it does
 * not fall behind what came later.
 */
final class RedisPublisher {
  private static final int BATCH = 512;

  private static final String UNAVAILABLE =
      "The message was not accepted: the backplane is unavailable.";
  private static final String OVERLOADED =
      "The message was not accepted: the backplane is overloaded.";
  private static final String REFUSED = "The message was not accepted: the backplane refused it.";
  private static final String TIMED_OUT =
      "It is not known whether the message was accepted: the backplane did not answer in time.";
  private static final String LOST =
      "It is not known whether the message was accepted: the connection to the backplane was lost.";
  private static final String UNCONFIRMED =
      "The message was published, but too few replicas of the backplane have confirmed it.";

  private final PublishScript script;
  private final RedisProperties properties;
  private final RedisMetrics metrics;
  private final EventExecutor owner;
  private final Supplier<@Nullable StatefulConnection<String, byte[]>> link;

  private final Queue<PendingPublication> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean scheduled = new AtomicBoolean();

  /** What is held until Redis has answered, timed out or not. */
  private final AtomicInteger heldRequests = new AtomicInteger();

  private final AtomicLong heldOctets = new AtomicLong();

  /** In the order sent first; those that are done leave when they are at the head. Owner's. */
  private final ArrayDeque<PendingPublication> sent = new ArrayDeque<>();

  /** Of the last one sent first: microseconds, or one more than before. Owner's. */
  private long sequence;

  private final AtomicInteger unanswered = new AtomicInteger();
  private final Queue<PendingPublication> again = new ConcurrentLinkedQueue<>();

  /** Sequence numbers of publications that may have overtaken one that Redis had no script for. */
  private final Map<Destination, Long> overtaking = new ConcurrentHashMap<>();

  private volatile boolean scriptMissing;

  /** Nothing is sent again before {@link #resume}: it would be lost again at once. */
  private volatile boolean pausing;

  private volatile boolean readOnly;
  private volatile boolean closed;

  /**
   * @param link the connection, or null while there is none
   */
  RedisPublisher(
      PublishScript script,
      RedisProperties properties,
      RedisMetrics metrics,
      EventExecutor owner,
      Supplier<@Nullable StatefulConnection<String, byte[]>> link) {
    this.script = script;
    this.properties = properties;
    this.metrics = metrics;
    this.owner = owner;
    this.link = link;
  }

  /** As {@link io.drumline.backplane.Backplane#publish}. */
  CompletionStage<String> publish(Draft draft) {
    PendingPublication publication = script.pending(draft);
    int requests = heldRequests.incrementAndGet();
    long octets = heldOctets.addAndGet(publication.payload.length);
    if (link.get() == null || owner.isShuttingDown()) {
      reject(publication, UNAVAILABLE);
    } else if (requests > properties.requestQueue()
        || octets > properties.requestQueueSize().toBytes()) {
      reject(publication, OVERLOADED);
    } else {
      waiting.add(publication);
      schedule();
    }
    return publication.result;
  }

  private void schedule() {
    if (!scheduled.get() && scheduled.compareAndSet(false, true) && !owner.isShuttingDown()) {
      owner.execute(this::drain);
    }
  }

  /** Makes a new connection ready: Redis knows the script. */
  CompletionStage<?> prepare(StatefulConnection<String, byte[]> connection) {
    AsyncCommand<String, byte[], String> load = script.load();
    connection.dispatch(load);
    return load.orTimeout(properties.commandTimeout().toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Sends again what a lost connection left; called by the owner when there is a new one. */
  void resume() {
    pausing = false;
    if (!again.isEmpty() || !waiting.isEmpty()) {
      schedule();
    }
  }

  private void drain() {
    scheduled.set(false);
    StatefulConnection<String, byte[]> connection = link.get();
    if (connection == null) {
      rejectWaiting();
      return;
    }
    if (!again.isEmpty()) {
      if (pausing || unanswered.get() > 0) {
        return; // the last answer comes back here
      }
      sendAgain(connection);
    }
    while (!waiting.isEmpty() && again.isEmpty()) {
      Batch batch = new Batch();
      for (PendingPublication next; batch.hasRoom() && (next = waiting.poll()) != null; ) {
        batch.add(next);
      }
      batch.dispatch(connection);
    }
    forgetAnswered();
  }

  private void sendAgain(StatefulConnection<String, byte[]> connection) {
    List<PendingPublication> publications = new ArrayList<>();
    for (PendingPublication next; (next = again.poll()) != null; ) {
      publications.add(next);
    }
    publications.sort(Comparator.comparingLong(PendingPublication::sequence));
    if (scriptMissing) {
      scriptMissing = false;
      connection.dispatch(script.load());
    }
    Batch batch = new Batch();
    for (PendingPublication next : publications) {
      // Another node loaded the script in the meantime, and a later message came through.
      if (overtaking.getOrDefault(next.destination, 0L) > next.sequence()) {
        reject(next, next.lost() ? LOST : UNAVAILABLE);
      } else {
        batch.add(next);
      }
    }
    overtaking.clear();
    batch.dispatch(connection);
  }

  /** Rejects what was never sent; called by the owner when the connection is gone. */
  void rejectWaiting() {
    for (PendingPublication next; (next = waiting.poll()) != null; ) {
      reject(next, UNAVAILABLE);
    }
  }

  /** Ends everything, and what is lost from now on. */
  void close() {
    closed = true;
    rejectWaiting();
    rejectAgain();
  }

  private void rejectAgain() {
    for (PendingPublication next; (next = again.poll()) != null; ) {
      reject(next, next.lost() ? LOST : UNAVAILABLE);
    }
  }

  /** Fails what took too long; called by the owner several times a second. */
  void expire() {
    long now = System.nanoTime();
    long timeout = properties.publishTimeout().toNanos();
    forgetAnswered();
    for (PendingPublication next;
        (next = sent.peek()) != null && (next.result.isDone() || next.olderThan(timeout, now)); ) {
      sent.poll();
      fail(next, next.lost() ? LOST : TIMED_OUT, null);
    }
    for (PendingPublication next;
        (next = waiting.peek()) != null && next.olderThan(timeout, now); ) {
      waiting.poll();
      reject(next, UNAVAILABLE);
    }
    again.removeIf(
        publication -> {
          boolean done = publication.result.isDone();
          if (done) {
            release(publication);
          }
          return done;
        });
    resume();
  }

  private void forgetAnswered() {
    for (PendingPublication next; (next = sent.peek()) != null && next.result.isDone(); ) {
      sent.poll();
    }
  }

  /** Whether Redis has said that it is a replica since the last call. */
  boolean wasReadOnly() {
    boolean was = readOnly;
    readOnly = false;
    return was;
  }

  /** On Lettuce's I/O thread, in the order sent. */
  private void answered(
      PendingPublication publication,
      @Nullable ReplicaWait replicas,
      @Nullable String messageId,
      @Nullable Throwable failure) {
    if (messageId != null && replicas != null && publication.destination.ordered()) {
      replicas.stored(publication, messageId);
      return;
    }
    if (messageId != null) {
      accept(publication, messageId);
    } else if (failure instanceof RedisNoScriptException) {
      again.add(publication);
      scriptMissing = true;
    } else if (failure instanceof RedisCommandExecutionException) {
      refused(publication, failure);
    } else {
      lost(publication, failure);
    }
    settled();
  }

  private void refused(PendingPublication publication, Throwable failure) {
    boolean replica = RedisScript.isReadOnly(failure);
    readOnly |= replica;
    if (replica && publication.lost()) {
      pausing = true;
      again.add(publication); // the master knows what became of it
    } else {
      release(publication);
      fail(publication, publication.lost() ? LOST : REFUSED, failure);
    }
  }

  private void replicated(
      PendingPublication publication, String messageId, ReplicaWait.Outcome outcome) {
    switch (outcome) {
      case CONFIRMED -> accept(publication, messageId);
      case UNCONFIRMED -> {
        release(publication);
        fail(publication, UNCONFIRMED, null);
      }
      case LOST -> lost(publication, null);
    }
    settled();
  }

  private void settled() {
    if (closed) {
      rejectAgain();
    }
    if (unanswered.decrementAndGet() == 0 && !again.isEmpty()) {
      schedule();
    }
  }

  private void accept(PendingPublication publication, String messageId) {
    mayOvertake(publication);
    release(publication);
    metrics.publish.record(System.nanoTime() - publication.begun, TimeUnit.NANOSECONDS);
    publication.result.complete(messageId);
  }

  /** Redis may have it, or not: only what it can recognise is sent again. */
  private void lost(PendingPublication publication, @Nullable Throwable failure) {
    mayOvertake(publication);
    if (!publication.destination.ordered()) {
      release(publication);
      fail(publication, LOST, failure);
      return;
    }
    publication.answerLost();
    pausing = true;
    again.add(publication);
  }

  private void mayOvertake(PendingPublication publication) {
    if (scriptMissing && publication.destination.ordered()) {
      overtaking.merge(publication.destination, publication.sequence(), Math::max);
    }
  }

  private void reject(PendingPublication publication, String message) {
    release(publication);
    fail(publication, message, null);
  }

  private void release(PendingPublication publication) {
    heldRequests.decrementAndGet();
    heldOctets.addAndGet(-publication.payload.length);
  }

  private void fail(PendingPublication publication, String message, @Nullable Throwable cause) {
    if (publication.result.completeExceptionally(new BackplaneException(message, cause))) {
      metrics.publishFailures.increment();
    }
  }

  /** What goes out in one flush. Owner's. */
  private final class Batch {
    private final List<RedisCommand<String, byte[], ?>> commands = new ArrayList<>();
    private final @Nullable ReplicaWait replicas =
        properties.minReplicas() > 0
            ? new ReplicaWait(
                properties.minReplicas(), replicaTimeout(), RedisPublisher.this::replicated)
            : null;
    private boolean ordered;

    boolean hasRoom() {
      return commands.size() < BATCH;
    }

    void add(PendingPublication publication) {
      if (publication.result.isDone()) {
        release(publication); // it timed out while it waited
        return;
      }
      if (!publication.wasSent()) {
        sequence =
            Math.max(sequence + 1, TimeUnit.MILLISECONDS.toMicros(System.currentTimeMillis()));
        publication.sent(sequence);
        sent.add(publication);
      } else if (publication.lost()) {
        metrics.publishRetries.increment();
      }
      unanswered.incrementAndGet();
      ordered |= publication.destination.ordered();
      AsyncCommand<String, byte[], String> command = script.command(publication);
      command.onComplete(
          (messageId, failure) -> answered(publication, replicas, messageId, failure));
      commands.add(command);
    }

    void dispatch(StatefulConnection<String, byte[]> connection) {
      if (commands.isEmpty()) {
        return;
      }
      if (replicas != null && ordered) {
        commands.add(replicas.command());
      }
      connection.dispatch(commands);
    }
  }

  /** Shorter than anything that would take the connection for dead. */
  private Duration replicaTimeout() {
    Duration probes = properties.probeInterval();
    Duration half = properties.commandTimeout().dividedBy(2);
    return probes.compareTo(half) < 0 ? probes : half;
  }
}
