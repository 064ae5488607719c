package io.drumline.redis;

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
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Sends publications to Redis, pipelined, in the order in which they came. What may have been
 * stored when a connection was lost is sent again on the next one, before anything newer, and the
 * script stores it once. The script refuses what reaches Redis behind a later message of this node
 * to the same destination: late, on a connection that was given up, or after Redis had refused it.
 *
 * <p>Concurrency: callers add to {@code waiting}; one task on {@code owner} sends everything that
 * waits in one flush; Lettuce's I/O thread completes, or adds to {@code again}. While something is
 * to be sent again, nothing else is sent until everything sent before is answered, so that it does
 * not fall behind what came later.
 */
final class RedisPublisher {
  private static final int BATCH = 512;

  private final PublishScript script;
  private final RedisProperties properties;
  private final Publications publications;
  private final EventExecutor owner;
  private final Supplier<@Nullable StatefulConnection<String, byte[]>> link;
  private final RedisShard.Watcher shards;

  private final Queue<PendingPublication> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean scheduled = new AtomicBoolean();

  /** In the order sent first; those that are done leave when they are at the head. Owner's. */
  private final ArrayDeque<PendingPublication> sent = new ArrayDeque<>();

  /** How many were sent, and of these how many Redis has answered or lost. */
  private final AtomicLong dispatched = new AtomicLong();

  private final AtomicLong settled = new AtomicLong();

  /** What others have sent of keys that they had before. Owner's. */
  private final Predecessors predecessors = new Predecessors();

  private final Queue<PendingPublication> again = new ConcurrentLinkedQueue<>();

  private volatile boolean scriptMissing;

  /** Nothing is sent again before {@link #resume}: it would be lost again at once. */
  private volatile boolean pausing;

  private volatile boolean readOnly;
  private volatile boolean closed;

  /**
   * @param link the connection, or null while there is none
   * @param shards is told that another Redis has the keys, and knows the others
   */
  RedisPublisher(
      PublishScript script,
      RedisProperties properties,
      Publications publications,
      EventExecutor owner,
      Supplier<@Nullable StatefulConnection<String, byte[]>> link,
      RedisShard.Watcher shards) {
    this.script = script;
    this.properties = properties;
    this.publications = publications;
    this.owner = owner;
    this.link = link;
    this.shards = shards;
  }

  /** As {@link io.drumline.backplane.Backplane#publish}. */
  CompletionStage<String> publish(Draft draft) {
    PendingPublication publication = script.pending(draft);
    boolean room = publications.hold(publication);
    if (link.get() == null || owner.isShuttingDown()) {
      publications.reject(publication, publications.unavailable());
    } else if (!room) {
      publications.reject(publication, Publications.OVERLOADED);
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
    if (!predecessors.settled()) {
      return; // until the owner looks again
    }
    if (!again.isEmpty()) {
      if (pausing || settled.get() < dispatched.get()) {
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
    List<PendingPublication> list = new ArrayList<>();
    for (PendingPublication next; (next = again.poll()) != null; ) {
      list.add(next);
    }
    // Behind those that were sent before come those that another publisher only had to send.
    list.sort(
        Comparator.comparingLong(
            publication -> publication.wasSent() ? publication.sequence() : Long.MAX_VALUE));
    if (scriptMissing) {
      scriptMissing = false;
      AsyncCommand<String, byte[], String> load = script.load();
      load.onComplete((name, failure) -> publications.loaded(failure));
      connection.dispatch(load);
    }
    Batch batch = new Batch();
    Map<String, Batch> asking = new LinkedHashMap<>();
    for (PendingPublication next : list) {
      String address = next.asked();
      (address == null ? batch : asking.computeIfAbsent(address, one -> new Batch())).add(next);
    }
    batch.dispatch(connection);
    asking.forEach((address, others) -> ask(shards.connectionTo(address), others));
  }

  private void ask(@Nullable StatefulConnection<String, byte[]> connection, Batch batch) {
    if (connection != null) {
      connection.dispatch(script.load());
    }
    batch.dispatch(connection);
  }

  /** Rejects what was never sent; called by the owner when the connection is gone. */
  void rejectWaiting() {
    for (PendingPublication next; (next = waiting.poll()) != null; ) {
      publications.reject(next, publications.unavailable());
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
      publications.reject(next, next.lost() ? Publications.LOST : publications.unavailable());
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
      publications.fail(
          next,
          next.lost()
              ? Publications.LOST
              : next.isWithRedis() ? Publications.TIMED_OUT : publications.unavailable(),
          null);
    }
    for (PendingPublication next;
        (next = waiting.peek()) != null && next.olderThan(timeout, now); ) {
      waiting.poll();
      publications.reject(next, publications.unavailable());
    }
    again.removeIf(
        publication -> {
          boolean done = publication.result.isDone();
          if (done) {
            publications.release(publication);
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
      publications.accept(publication, messageId);
    } else if (failure instanceof RedisNoScriptException) {
      publication.notTaken(publication.asked());
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
    if (RedisScript.isMisrouted(failure)) {
      String asked = RedisScript.askedAt(failure);
      publication.notTaken(asked);
      again.add(publication);
      if (asked == null) {
        pausing = true;
        shards.misrouted();
      }
      return;
    }
    if (RedisScript.isOvertaken(failure)) {
      publications.release(publication);
      publications.fail(publication, Publications.OVERTAKEN, failure);
      return;
    }
    String sentence = publications.refused(failure);
    boolean replica = RedisScript.isReadOnly(failure);
    readOnly |= replica;
    if (replica && publication.lost()) {
      pausing = true;
      again.add(publication); // the master knows what became of it
    } else {
      publications.release(publication);
      publications.fail(publication, publication.lost() ? Publications.LOST : sentence, failure);
    }
  }

  private void replicated(
      PendingPublication publication, String messageId, ReplicaWait.Outcome outcome) {
    switch (outcome) {
      case CONFIRMED -> publications.accept(publication, messageId);
      case UNCONFIRMED -> {
        publications.release(publication);
        publications.fail(publication, Publications.UNCONFIRMED, null);
      }
      case LOST -> lost(publication, null);
    }
    settled();
  }

  private void settled() {
    if (closed) {
      rejectAgain();
    }
    if (settled.incrementAndGet() == dispatched.get() && !again.isEmpty()) {
      schedule();
    }
  }

  /** Redis may have it, or not: only what it can recognise is sent again. */
  private void lost(PendingPublication publication, @Nullable Throwable failure) {
    if (!publication.destination.ordered()) {
      publications.release(publication);
      publications.fail(publication, Publications.LOST, failure);
      return;
    }
    publication.answerLost();
    pausing = true;
    again.add(publication);
  }

  /**
   * Gives what another Redis has the keys of now to the publisher that leads there; called by the
   * owner.
   */
  void handOver(Function<PendingPublication, RedisPublisher> now) {
    for (Queue<PendingPublication> queue : List.of(again, waiting)) {
      for (Iterator<PendingPublication> each = queue.iterator(); each.hasNext(); ) {
        PendingPublication publication = each.next();
        RedisPublisher next = now.apply(publication);
        if (next != this) {
          each.remove();
          next.again.add(publication);
          next.sent.add(publication); // it watches the deadline, too
          next.schedule();
        }
      }
    }
  }

  /** Sends nothing before what another publisher has sent until now is settled; owner's. */
  void follow(RedisPublisher other) {
    predecessors.add(other.dispatched.get(), other.settled, properties.commandTimeout());
  }

  /** Whether nothing is left that was ever given to it; called by the owner. */
  boolean isEmpty() {
    return waiting.isEmpty() && settled.get() == dispatched.get() && again.isEmpty();
  }

  /** What goes out in one flush. Owner's. */
  private final class Batch {
    private final List<RedisCommand<String, byte[], ?>> commands = new ArrayList<>();
    private final @Nullable ReplicaWait replicas =
        properties.minReplicas() > 0
            ? new ReplicaWait(
                properties.minReplicas(), replicaTimeout(), RedisPublisher.this::replicated)
            : null;
    private final List<PendingPublication> added = new ArrayList<>();
    private boolean ordered;

    boolean hasRoom() {
      return commands.size() < BATCH;
    }

    void add(PendingPublication publication) {
      if (publication.result.isDone()) {
        publications.release(publication); // it timed out while it waited
        return;
      }
      if (!publication.wasSent()) {
        publication.sent(publications.nextSequence());
        sent.add(publication);
      } else if (publication.lost()) {
        publications.sentAgain();
      }
      publication.taken();
      added.add(publication);
      ordered |= publication.destination.ordered();
      AsyncCommand<String, byte[], String> command = script.command(publication);
      command.onComplete(
          (messageId, failure) -> answered(publication, replicas, messageId, failure));
      if (publication.asked() != null) {
        commands.add(RedisScript.asking());
      }
      commands.add(command);
    }

    /**
     * Sends it.
     *
     * @param connection null where a Redis that is to be asked cannot be reached
     */
    void dispatch(@Nullable StatefulConnection<String, byte[]> connection) {
      if (commands.isEmpty()) {
        return;
      }
      if (connection == null) {
        pausing = true;
        added.forEach(publication -> publication.notTaken(null));
        again.addAll(added);
        shards.misrouted();
        return;
      }
      if (replicas != null && ordered) {
        commands.add(replicas.command());
      }
      dispatched.addAndGet(added.size());
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
