package io.drumline.redis.publish;

import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.drumline.redis.command.RedisLane;
import io.netty.util.concurrent.EventExecutor;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * Publications to the masters of a cluster, in the order in which they came, until the backplane's
 * thread gives each to the publisher of the master that has its slot by then. Where callers chose
 * it, one of them could still choose the master that had the slot before, while what is newer goes
 * to the one that has it now.
 */
public final class PublishQueue {
  private final PublishScript script;
  private final Function<Destination, RedisPublisher> publishers;
  private final RedisLane<PendingPublication> lane;

  /**
   * @param publishers who publishes to a destination now; may be asked by any thread
   */
  public PublishQueue(
      PublishScript script, EventExecutor owner, Function<Destination, RedisPublisher> publishers) {
    this.script = script;
    this.publishers = publishers;
    lane = new RedisLane<>(owner, this::distribute);
  }

  /** As {@link io.drumline.backplane.Backplane#publish}. */
  public CompletionStage<String> publish(Draft draft) {
    PendingPublication publication = script.pending(draft);
    if (publishers.apply(draft.destination()).admits(publication)) {
      lane.add(publication);
    }
    return publication.result;
  }

  /** Gives all to their publishers; called by the owner. */
  public void distribute() {
    for (PendingPublication next; (next = lane.poll()) != null; ) {
      publishers.apply(next.destination).add(next);
    }
  }
}
