package io.drumline.redis.publish;

import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.drumline.redis.command.RedisLane;
import io.netty.util.concurrent.EventExecutor;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * Queues publications to the masters of a cluster in their order, until the backplane's thread
 * passes each to the publisher of the master that has its slot then. If callers chose the
 * publisher, one of them could still choose the slot's previous master while newer messages already
 * go to the current one.
 */
public final class PublishQueue {
  private final PublishScript script;
  private final Function<Destination, RedisPublisher> publishers;
  private final RedisLane<PendingPublication> lane;

  /**
   * @param publishers finds the current publisher for a destination; called on any thread
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

  /** Passes all publications to their publishers; called by the owner. */
  public void distribute() {
    for (PendingPublication next; (next = lane.poll()) != null; ) {
      publishers.apply(next.destination).add(next);
    }
  }
}
