package io.drumline.redis;

import io.drumline.message.Draft;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.protocol.AsyncCommand;
import io.netty.util.concurrent.EventExecutor;
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
  private final PublishScript script;
  private final RedisProperties properties;
  private final Publications publications;
  private final EventExecutor owner;
  private final Supplier<@Nullable StatefulConnection<String, byte[]>> link;
  private final RedisShard.Watcher shards;

  private final Queue<PendingPublication> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean scheduled = new AtomicBoolean();

  private final InFlight inFlight = new InFlight();
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
    if (!inFlight.isFree()) {
      return; // until the owner looks again
    }
    if (!again.isEmpty()) {
      if (pausing || !inFlight.isSettled()) {
        return; // the last answer comes back here
      }
      sendAgain(connection);
    }
    while (!waiting.isEmpty() && again.isEmpty()) {
      PublishBatch batch = newBatch();
      for (PendingPublication next; batch.hasRoom() && (next = waiting.poll()) != null; ) {
        batch.add(next);
      }
      batch.dispatch(connection);
    }
    inFlight.forgetAnswered();
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
    PublishBatch batch = newBatch();
    Map<String, PublishBatch> asking = new LinkedHashMap<>();
    for (PendingPublication next : list) {
      String address = next.asked();
      (address == null ? batch : asking.computeIfAbsent(address, one -> newBatch())).add(next);
    }
    batch.dispatch(connection);
    asking.forEach((address, others) -> ask(shards.connectionTo(address), others));
  }

  /**
   * @param connection null where the Redis that is to be asked cannot be reached
   */
  private void ask(@Nullable StatefulConnection<String, byte[]> connection, PublishBatch batch) {
    if (connection == null) {
      batch.publications().forEach(publication -> misrouted(publication, null));
      return;
    }
    connection.dispatch(script.load());
    batch.dispatch(connection);
  }

  private PublishBatch newBatch() {
    ReplicaWait replicas =
        properties.minReplicas() > 0 ? ReplicaWait.asSet(properties, this::replicated) : null;
    return new PublishBatch(script, publications, inFlight, replicas, this::answered);
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
    inFlight.expire(
        timeout,
        now,
        late ->
            publications.fail(
                late,
                late.lost()
                    ? Publications.LOST
                    : late.isWithRedis() ? Publications.TIMED_OUT : publications.unavailable(),
                null));
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
    } else if (publication.asked() == null && RedisScript.askedAt(failure) != null) {
      String address = RedisScript.askedAt(failure);
      var unused =
          AskCheck.haveLeft(link.get(), script.keys(publication))
              .thenAccept(
                  left -> {
                    misrouted(publication, left ? address : null);
                    settled();
                  });
      return;
    } else if (failure instanceof RedisCommandExecutionException) {
      refused(publication, failure);
    } else {
      lost(publication, failure);
    }
    settled();
  }

  private void refused(PendingPublication publication, Throwable failure) {
    if (RedisScript.isMisrouted(failure)) {
      misrouted(publication, null);
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

  /**
   * Redis has done nothing with it.
   *
   * @param asked address of the Redis to ask instead for this once; null if none
   */
  private void misrouted(PendingPublication publication, @Nullable String asked) {
    publication.notTaken(asked);
    again.add(publication);
    if (asked == null) {
      pausing = true;
      shards.misrouted();
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
    if (inFlight.settle() && !again.isEmpty()) {
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
          next.inFlight.watch(publication);
          next.schedule();
        }
      }
    }
  }

  /** Sends nothing before what another publisher has sent until now is settled; owner's. */
  void follow(RedisPublisher other) {
    inFlight.follow(other.inFlight, properties.commandTimeout());
  }

  /** Whether nothing is left that was ever given to it; called by the owner. */
  boolean isEmpty() {
    return waiting.isEmpty() && inFlight.isSettled() && again.isEmpty();
  }
}
