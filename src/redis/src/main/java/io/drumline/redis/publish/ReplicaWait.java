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
 * A WAIT after a batch of publications on the same connection: stored publications of the batch are
 * settled once the answer tells how many replicas have them.
 */
final class ReplicaWait {

  /** The state of a batch on the replicas. */
  enum Outcome {
    CONFIRMED,
    /** The master has it, but too few replicas confirmed in time. */
    UNCONFIRMED,
    /** The connection was lost before the answer. */
    LOST
  }

  /** Receives each stored publication of the batch with its message-id, in the order stored. */
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

  /** As configured; its timeout is shorter than that after which the connection counts as dead. */
  static ReplicaWait asSet(RedisSettings settings, Settlement settlement) {
    Duration probes = settings.probeInterval();
    Duration half = settings.commandTimeout().dividedBy(2);
    return new ReplicaWait(
        settings.minReplicas(), probes.compareTo(half) < 0 ? probes : half, settlement);
  }

  /** The command to send after the batch. */
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

  /** The master's answer for one publication of the batch. */
  void stored(PendingPublication publication, String messageId) {
    stored.add(new Stored(publication, messageId));
    settle();
  }

  /** Also called after the outcome: when a connection is lost, answers come in any order. */
  private void settle() {
    Outcome outcome = this.outcome;
    if (outcome != null) {
      for (Stored next; (next = stored.poll()) != null; ) {
        settlement.settle(next.publication, next.messageId, outcome);
      }
    }
  }
}
