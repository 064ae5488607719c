package io.drumline.redis.publish;

import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.drumline.redis.command.AskCheck;
import io.drumline.redis.command.ErrorReply;
import io.drumline.redis.command.RedisLane;
import io.drumline.redis.command.ScriptLoader;
import io.drumline.redis.connection.Topology;
import io.drumline.redis.settings.RedisSettings;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.api.StatefulConnection;
import io.netty.util.concurrent.EventExecutor;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Sends publications to Redis, pipelined and in order. Publications that may have been stored when
 * a connection was lost are resent on the next one, before anything newer, and the script stores
 * each only once. The script rejects a publication that reaches Redis after a later message of this
 * node to the same destination: one that arrived late on an abandoned connection, or that Redis had
 * rejected before.
 *
 * <p>Concurrency: callers add to the lane, whose task on the owner sends everything queued in one
 * flush; Lettuce's I/O thread completes publications, or adds them to {@code resends}. While there
 * is something to resend, nothing else is sent until everything sent before is answered, so that it
 * is not overtaken by later messages. Publications after a redirected one wait for it in {@link
 * Redirects}.
 */
public final class RedisPublisher {
  private final PublishScript script;
  private final RedisSettings settings;
  private final PendingPublications publications;
  private final Supplier<@Nullable StatefulConnection<String, byte[]>> link;
  private final Topology topology;
  private final Function<Destination, RedisPublisher> publishers;

  private final RedisLane<PendingPublication> lane;
  private final ScriptLoader loader;

  private final InFlight inFlight = new InFlight();
  private final Resends resends = new Resends();
  private final Redirects redirects = new Redirects();

  private volatile boolean closed;

  /**
   * @param link the connection, or null while there is none
   * @param topology is notified that another Redis has the keys, and finds connections to others
   * @param publishers finds the current publisher for a destination: this one, or that of another
   *     Redis
   */
  public RedisPublisher(
      PublishScript script,
      RedisSettings settings,
      PendingPublications publications,
      EventExecutor owner,
      Supplier<@Nullable StatefulConnection<String, byte[]>> link,
      Topology topology,
      Function<Destination, RedisPublisher> publishers) {
    this.script = script;
    this.settings = settings;
    this.publications = publications;
    lane = new RedisLane<>(owner, this::send);
    loader = new ScriptLoader(script.source(), settings.commandTimeout(), publications::loaded);
    this.link = link;
    this.topology = topology;
    this.publishers = publishers;
  }

  /** As {@link io.drumline.backplane.Backplane#publish}. */
  public CompletionStage<String> publish(Draft draft) {
    PendingPublication publication = script.pending(draft);
    if (admits(publication)) {
      add(publication);
    }
    return publication.result;
  }

  /** Whether it can be published now and there is room; otherwise it is rejected. Any thread. */
  boolean admits(PendingPublication publication) {
    boolean room = publications.hold(publication);
    if (link.get() == null || lane.isClosed()) {
      publications.reject(publication, publications.unavailable());
    } else if (!room) {
      publications.reject(publication, PendingPublications.OVERLOADED);
    } else {
      return true;
    }
    return false;
  }

  /** Adds a publication that was admitted. */
  void add(PendingPublication publication) {
    lane.add(publication);
  }

  /** Prepares a new connection by loading the script into Redis. */
  public CompletionStage<?> prepare(StatefulConnection<String, byte[]> connection) {
    return loader.prepare(connection);
  }

  /** Resends publications of a lost connection; called by the owner when there is a new one. */
  public void resume() {
    resends.resume();
    if (!resends.isEmpty() || !lane.isEmpty() || !redirects.isEmpty()) {
      lane.schedule();
    }
  }

  private void send() {
    StatefulConnection<String, byte[]> connection = link.get();
    if (connection == null) {
      rejectWaiting();
      return;
    }
    if (!inFlight.isFree()) {
      return; // until the owner calls again
    }
    if (!resends.isEmpty()) {
      if (resends.isPausing() || !inFlight.isSettled()) {
        return; // the last answer schedules this again
      }
      handOver(List.of(resends.queue())); // the slots may have moved since they were sent
      sendAgain(connection);
    }
    redirects.release();
    while ((redirects.hasReady() || !lane.isEmpty()) && resends.isEmpty()) {
      PublishBatch batch = newBatch();
      for (PendingPublication next; batch.hasRoom() && (next = next()) != null; ) {
        batch.add(next);
      }
      batch.dispatch(connection);
    }
    inFlight.forgetAnswered();
  }

  /** The next publication that need not wait for another one of its destination; null if none. */
  private @Nullable PendingPublication next() {
    PendingPublication next;
    do {
      next = redirects.hasReady() ? redirects.pollReady() : lane.poll();
    } while (next != null && redirects.holdsBack(next));
    return next;
  }

  private void sendAgain(StatefulConnection<String, byte[]> connection) {
    loader.loadIfMissing(connection);
    resends
        .take(redirects)
        .forEach(
            (address, list) -> {
              PublishBatch batch = newBatch();
              list.forEach(batch::add);
              if (address.equals(Resends.USUAL)) {
                batch.dispatch(connection);
              } else {
                sendTo(topology.connectionTo(address), batch);
              }
            });
  }

  /** Asks a Redis to which a slot is being migrated; its connection is null if there is none. */
  private void sendTo(@Nullable StatefulConnection<String, byte[]> connection, PublishBatch batch) {
    if (connection == null) {
      batch.publications().forEach(this::redirected);
      return;
    }
    loader.load(connection);
    batch.dispatch(connection);
  }

  private PublishBatch newBatch() {
    ReplicaWait replicas =
        settings.minReplicas() > 0 ? ReplicaWait.asSet(settings, this::replicated) : null;
    return new PublishBatch(script, publications, inFlight, replicas, this::answered);
  }

  /** Rejects publications that were never sent; called by the owner when the connection is lost. */
  public void rejectWaiting() {
    rejectWaiting(publication -> true);
  }

  private void rejectWaiting(Predicate<PendingPublication> chosen) {
    for (Queue<PendingPublication> queue : List.of(redirects.heldBack(), lane.waiting())) {
      queue.removeIf(
          publication -> {
            boolean rejected = chosen.test(publication);
            if (rejected) {
              publications.reject(publication, publications.unavailable());
            }
            return rejected;
          });
    }
  }

  /** Rejects all pending publications, and those whose answers are lost from now on. */
  public void close() {
    closed = true;
    rejectWaiting();
    rejectAgain();
  }

  private void rejectAgain() {
    for (PendingPublication next; (next = resends.queue().poll()) != null; ) {
      publications.rejectAgain(next);
    }
  }

  /** Fails publications that timed out; called by the owner several times a second. */
  public void expire() {
    long now = System.nanoTime();
    long timeout = settings.publishTimeout().toNanos();
    inFlight.expire(timeout, now, publications::failLate);
    rejectWaiting(publication -> publication.olderThan(timeout, now));
    resends.removeDone(publications::release);
    redirects.release(); // also if another publisher has taken over what they wait for
    resume();
  }

  /** Whether Redis has answered that it is a read-only replica since the last call. */
  public boolean wasReadOnly() {
    return lane.wasReadOnly();
  }

  /** On Lettuce's I/O thread, in the order sent. */
  @SuppressWarnings("CatchThrowable") // the caller waits for completion
  private void answered(
      PendingPublication publication,
      @Nullable ReplicaWait replicas,
      @Nullable String messageId,
      @Nullable Throwable failure) {
    if (messageId != null && replicas != null && publication.destination.ordered()) {
      replicas.stored(publication, messageId);
      return;
    }
    String address = ErrorReply.askAddress(failure);
    if (publication.askAddress() == null && address != null) {
      checkAsk(publication, address);
      return;
    }
    try {
      if (messageId != null) {
        publications.accept(publication, messageId);
      } else if (failure instanceof RedisNoScriptException) {
        publication.markNotTaken();
        resends.add(publication);
        loader.markMissing();
      } else if (failure instanceof RedisCommandExecutionException) {
        refused(publication, failure);
      } else {
        lost(publication, failure);
      }
    } catch (Throwable e) {
      publications.failed(publication, e);
    } finally {
      settled(publication); // otherwise nothing would be resent
    }
  }

  /**
   * Redis has answered ASK, which may be wrong if only some keys are there. The publication is not
   * settled before that is checked, so that nothing newer is sent meanwhile.
   */
  private void checkAsk(PendingPublication publication, String address) {
    publication.markRedirected(null);
    resends.announce();
    var unused =
        AskCheck.haveLeft(link.get(), () -> script.keys(publication))
            .thenAccept(
                left -> {
                  try {
                    publication.markRedirected(left ? address : null);
                    resends.addAnnounced(publication);
                    if (!left) {
                      refreshTopology();
                    }
                  } finally {
                    settled(publication);
                  }
                });
  }

  private void refused(PendingPublication publication, Throwable failure) {
    if (ErrorReply.isRedirect(failure)) {
      redirected(publication);
      return;
    }
    if (ErrorReply.isOvertaken(failure)) {
      publications.release(publication);
      publications.fail(publication, PendingPublications.OVERTAKEN, failure);
      return;
    }
    String sentence = publications.refused(failure);
    boolean replica = ErrorReply.isReadOnly(failure);
    if (replica) {
      lane.markReadOnly();
    }
    if (replica && publication.isUnknown()) {
      resends.pause();
      resends.add(publication); // the master knows what became of it
    } else {
      publications.release(publication);
      publications.fail(
          publication, publication.isUnknown() ? PendingPublications.LOST : sentence, failure);
    }
  }

  /** Redis has not processed it. */
  private void redirected(PendingPublication publication) {
    publication.markRedirected(null);
    resends.add(publication);
    refreshTopology();
  }

  private void refreshTopology() {
    resends.pause();
    var unused = publications.guard().run(topology::refresh); // a failed refresh is retried later
  }

  /** Never throws: other publications of the batch follow. */
  @SuppressWarnings("CatchThrowable")
  private void replicated(
      PendingPublication publication, String messageId, ReplicaWait.Outcome outcome) {
    try {
      switch (outcome) {
        case CONFIRMED -> publications.accept(publication, messageId);
        case UNCONFIRMED -> {
          publications.release(publication);
          publications.fail(publication, PendingPublications.UNCONFIRMED, null);
        }
        case LOST -> lost(publication, null);
      }
    } catch (Throwable e) {
      publications.failed(publication, e);
    } finally {
      settled(publication);
    }
  }

  private void settled(PendingPublication publication) {
    boolean last = inFlight.settle();
    if (closed) {
      rejectAgain();
    }
    // Others may wait for one that was redirected.
    if ((last && !resends.isEmpty()) || publication.wasRedirected()) {
      lane.schedule();
    }
  }

  /** Redis may or may not have stored it: resent only if the script can recognize it. */
  private void lost(PendingPublication publication, @Nullable Throwable failure) {
    if (!publication.destination.ordered()) {
      publications.release(publication);
      publications.fail(publication, PendingPublications.LOST, failure);
      return;
    }
    publication.markUnknown();
    resends.pause();
    resends.add(publication);
  }

  /**
   * Passes publications whose keys another Redis has now to that Redis' publisher; called by the
   * owner.
   */
  public void handOver() {
    handOver(List.of(resends.queue(), redirects.heldBack(), lane.waiting()));
  }

  private void handOver(List<Queue<PendingPublication>> queues) {
    for (Queue<PendingPublication> queue : queues) {
      for (Iterator<PendingPublication> each = queue.iterator(); each.hasNext(); ) {
        PendingPublication publication = each.next();
        RedisPublisher next = publishers.apply(publication.destination);
        if (next != this) {
          each.remove();
          next.resends.add(publication);
          next.inFlight.watch(publication);
          next.lane.schedule();
        }
      }
    }
  }

  /**
   * Sends nothing until everything that another publisher has sent so far is settled; its
   * publications to be resent go first. Called by the owner.
   */
  public void follow(RedisPublisher other) {
    inFlight.follow(other.inFlight, settings.commandTimeout(), other::handOver);
  }

  /** Whether nothing is left of what it was given; called by the owner. */
  public boolean isEmpty() {
    return lane.isEmpty() && redirects.isEmpty() && inFlight.isSettled() && resends.isEmpty();
  }
}
