package io.drumline.redis.publish;

import io.drumline.redis.command.Commands;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.protocol.AsyncCommand;
import io.lettuce.core.protocol.RedisCommand;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Publications sent in one flush. Used on the owner's thread. */
final class PublishBatch {
  private static final int MOST = 512;

  private final PublishScript script;
  private final PendingPublications publications;
  private final InFlight inFlight;
  private final @Nullable ReplicaWait replicas;
  private final Answers answers;
  private final List<RedisCommand<String, byte[], ?>> commands = new ArrayList<>();
  private final List<PendingPublication> added = new ArrayList<>();
  private boolean ordered;

  /** Receives the answer for each, on Lettuce's I/O thread, in the order sent. */
  interface Answers {
    void answered(
        PendingPublication publication,
        @Nullable ReplicaWait replicas,
        @Nullable String messageId,
        @Nullable Throwable failure);
  }

  /**
   * @param replicas the WAIT to send after the batch, to know how many replicas have it; null if
   *     not needed
   */
  PublishBatch(
      PublishScript script,
      PendingPublications publications,
      InFlight inFlight,
      @Nullable ReplicaWait replicas,
      Answers answers) {
    this.script = script;
    this.publications = publications;
    this.inFlight = inFlight;
    this.replicas = replicas;
    this.answers = answers;
  }

  boolean hasRoom() {
    return commands.size() < MOST;
  }

  /** A publication whose command cannot be created is rejected; the others are still sent. */
  @SuppressWarnings("CatchThrowable")
  void add(PendingPublication publication) {
    if (publication.result.isDone()) {
      publications.release(publication); // it timed out while it was queued
      return;
    }
    boolean first = !publication.wasSent();
    if (first) {
      publication.sent(publications.nextSequence());
    }
    AsyncCommand<String, byte[], String> command;
    try {
      command = script.command(publication);
    } catch (Throwable e) {
      publications.notSent(publication, e);
      return;
    }
    command.onComplete(
        (messageId, failure) -> answers.answered(publication, replicas, messageId, failure));
    if (first) {
      inFlight.watch(publication);
    } else if (publication.isUnknown()) {
      publications.sentAgain();
    }
    publication.markInFlight();
    added.add(publication);
    ordered |= publication.destination.ordered();
    if (publication.askAddress() != null) {
      commands.add(Commands.asking());
    }
    commands.add(command);
  }

  /** The publications added. */
  List<PendingPublication> publications() {
    return added;
  }

  void dispatch(StatefulConnection<String, byte[]> connection) {
    if (commands.isEmpty()) {
      return;
    }
    if (replicas != null && ordered) {
      commands.add(replicas.command());
    }
    inFlight.dispatched(added.size());
    Commands.send(connection, commands);
  }
}
