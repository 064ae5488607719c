package io.drumline.redis.publish;

import io.drumline.backplane.MessageIds;
import io.drumline.backplane.Retention;
import io.drumline.backplane.Retentions;
import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.drumline.redis.command.Commands;
import io.drumline.redis.command.RedisScript;
import io.drumline.redis.format.RedisKeys;
import io.lettuce.core.protocol.AsyncCommand;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Creates the publish commands: {@code publish.lua}, or PUBLISH for ephemeral destinations. */
public final class PublishScript {
  private static final RedisScript SCRIPT = RedisScript.load("publish.lua");
  private static final long ID_SECONDS = Duration.ofMinutes(Draft.ID_MINUTES).toSeconds();

  private final RedisKeys keys;
  private final MessageIds ids;
  private final Retentions retentions;
  private final Duration timeout;
  private final String publisher;

  /**
   * @param timeout after which a publication fails
   */
  public PublishScript(RedisKeys keys, MessageIds ids, Retentions retentions, Duration timeout) {
    this.keys = keys;
    this.ids = ids;
    this.retentions = retentions;
    this.timeout = timeout;
    this.publisher = "p:" + ids.incarnation();
  }

  /** Creates the publication for a draft; any thread. */
  PendingPublication pending(Draft draft) {
    return new PendingPublication(draft, ids.next());
  }

  /** The script, to be loaded into Redis. */
  RedisScript source() {
    return SCRIPT;
  }

  /**
   * The command for a publication that has its sequence number. If a Redis that is importing the
   * slot is asked (ASK), only the meta key is named: Redis rejects commands with several keys of
   * which some are not there yet.
   */
  AsyncCommand<String, byte[], String> command(PendingPublication publication) {
    Destination destination = publication.destination;
    MessageIdOutput output = new MessageIdOutput(publication.id);
    if (!destination.ordered()) {
      return Commands.command(
          CommandType.PUBLISH,
          output,
          Commands.args().addKey(keys.channel(destination)).addValue(publication.payload));
    }
    List<String> named =
        publication.askAddress() == null ? keys(publication) : List.of(keys.meta(destination));
    Retention retention = retentions.of(destination);
    CommandArgs<String, byte[]> call =
        SCRIPT
            .call(named)
            .add(ids.newEpoch(destination))
            .add(publication.id)
            .addValue(publication.payload)
            .add(retention.messages())
            .add(retention.bytes())
            .add(retention.age().toMillis())
            .add(publisher)
            .add(publication.sequence())
            .add(publication.isUnknown() ? Long.toString(mostSinceSent(publication)) : "");
    if (publication.publisherId != null) {
      call.add(ID_SECONDS).add(publication.publisherId);
    } else if (keys.hasOtherChannels()) {
      call.add(ID_SECONDS).add("");
    }
    if (keys.hasOtherChannels()) {
      call.add(keys.channel(destination));
    }
    return RedisScript.command(call, output);
  }

  /** All keys that its script needs. */
  List<String> keys(PendingPublication publication) {
    Destination destination = publication.destination;
    String meta = keys.meta(destination);
    String stream = keys.stream(destination);
    return publication.publisherId == null
        ? List.of(meta, stream)
        : List.of(meta, stream, keys.published(destination, publication.publisherId));
  }

  /** The maximum time since it was first sent, at the moment when Redis runs the command. */
  private long mostSinceSent(PendingPublication publication) {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - publication.firstSent())
        + timeout.toMillis();
  }
}
