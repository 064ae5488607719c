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

/** Makes the commands that publish: {@code publish.lua}, or PUBLISH for ephemeral destinations. */
public final class PublishScript {
  private static final RedisScript SCRIPT = RedisScript.load("publish.lua");
  private static final long ID_SECONDS = Duration.ofMinutes(Draft.ID_MINUTES).toSeconds();

  private final RedisKeys keys;
  private final MessageIds ids;
  private final Retentions retentions;
  private final Duration timeout;
  private final String publisher;

  /**
   * @param timeout after which a publication has failed
   */
  public PublishScript(RedisKeys keys, MessageIds ids, Retentions retentions, Duration timeout) {
    this.keys = keys;
    this.ids = ids;
    this.retentions = retentions;
    this.timeout = timeout;
    this.publisher = "p:" + ids.incarnation();
  }

  /** What is to be sent for a draft; any thread. */
  PendingPublication pending(Draft draft) {
    return new PendingPublication(draft, ids.next());
  }

  /** What makes Redis know it. */
  RedisScript source() {
    return SCRIPT;
  }

  /**
   * The command for a publication that has its sequence number. Where another Redis is asked for it
   * that is just taking over its slot, only the key is named that makes it known.
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

  /** How long ago it was sent first, when Redis comes to the command; it may take its time. */
  private long mostSinceSent(PendingPublication publication) {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - publication.firstSent())
        + timeout.toMillis();
  }
}
