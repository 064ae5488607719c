package io.drumline.redis.publish;

import io.drumline.redis.command.Commands;
import io.drumline.redis.settings.RedisSettings;
import io.lettuce.core.protocol.AsyncCommand;
import io.lettuce.core.protocol.CommandType;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * A WAIT behind a batch of publications on the same connection: what Redis has stored of the batch
 * is settled once the answer says how many replicas have it.
 */
final class ReplicaWait {

  /** What the replicas have of a batch. */
  enum Outcome {
    CONFIRMED,
    /** The master has it; too few replicas said so in time. */
    UNCONFIRMED,
    /** The connection was lost before the answer. */
    LOST
  }

  /** Takes each stored publication of the batch with its message-id, in the order stored. */
  interface Settlement {
    void settle(PendingPublication publication, String messageId, Outcome outcome);
  }

  private record Stored(PendingPublication publication, String messageId) {}

  private final int replicas;
  private final Duration timeout;
  private final Settlement settlement;
  private final Queue<Stored> stored = new ConcurrentLinkedQueue<>();
  private volatile @Nullable Outcome outcome;

  private ReplicaWait(int replicas, Duration timeout, Settlement settlement) {
    this.replicas = replicas;
    this.timeout = timeout;
    this.settlement = settlement;
  }

  /** As {@code drumline.redis} says; shorter than what would take the connection for dead. */
  static ReplicaWait asSet(RedisSettings settings, Settlement settlement) {
    Duration probes = settings.probeInterval();
    Duration half = settings.commandTimeout().dividedBy(2);
    return new ReplicaWait(
        settings.minReplicas(), probes.compareTo(half) < 0 ? probes : half, settlement);
  }

  /** The command to be sent behind the batch. */
  AsyncCommand<String, byte[], Long> command() {
    AsyncCommand<String, byte[], Long> wait =
        Commands.command(
            CommandType.WAIT,
            Commands.integer(),
            Commands.args().add(replicas).add(timeout.toMillis()));
    wait.onComplete(
        (confirmed, failure) -> {
          outcome =
              confirmed == null
                  ? Outcome.LOST
                  : confirmed >= replicas ? Outcome.CONFIRMED : Outcome.UNCONFIRMED;
          settle();
        });
    return wait;
  }

  /** The master's answer for one of the batch. */
  void stored(PendingPublication publication, String messageId) {
    stored.add(new Stored(publication, messageId));
    settle();
  }

  /** Also what was stored late: where a connection is lost, answers come in any order. */
  private void settle() {
    Outcome outcome = this.outcome;
    if (outcome != null) {
      for (Stored next; (next = stored.poll()) != null; ) {
        settlement.settle(next.publication, next.messageId, outcome);
      }
    }
  }
}
