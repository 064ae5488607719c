package io.drumline.redis.history;

import io.drumline.backplane.History;
import io.drumline.backplane.MessageIds;
import io.drumline.backplane.Retention;
import io.drumline.backplane.Retentions;
import io.drumline.message.Destination;
import io.drumline.redis.command.RedisScript;
import io.drumline.redis.format.InvalidEnvelopes;
import io.drumline.redis.format.RedisKeys;
import io.drumline.redis.history.PageRequest.MissingEpoch;
import io.lettuce.core.protocol.AsyncCommand;
import java.util.List;

/** Creates the commands that read history: {@code read.lua}. */
public final class ReadScript {
  private static final RedisScript SCRIPT = RedisScript.load("read.lua");
  private static final int MOST_MESSAGES = 1024;
  private static final int MOST_BYTES = 1 << 20;

  private final RedisKeys keys;
  private final MessageIds ids;
  private final Retentions retentions;
  private final InvalidEnvelopes invalid;

  public ReadScript(
      RedisKeys keys, MessageIds ids, Retentions retentions, InvalidEnvelopes invalid) {
    this.keys = keys;
    this.ids = ids;
    this.retentions = retentions;
    this.invalid = invalid;
  }

  /** The script, to be loaded into Redis. */
  RedisScript source() {
    return SCRIPT;
  }

  /** The command for {@link io.drumline.backplane.Backplane#read}. */
  AsyncCommand<String, byte[], History> command(PageRequest request) {
    return command(keys(request.destination()), request);
  }

  /** All keys that the script needs. */
  List<String> keys(Destination destination) {
    return List.of(keys.meta(destination), keys.stream(destination));
  }

  /** The same for a Redis that is importing the destination's slot (ASK). */
  AsyncCommand<String, byte[], History> asking(PageRequest request) {
    return command(List.of(keys.meta(request.destination())), request);
  }

  private AsyncCommand<String, byte[], History> command(List<String> named, PageRequest request) {
    Destination destination = request.destination();
    Retention retention = retentions.of(destination);
    return RedisScript.command(
        SCRIPT
            .call(named)
            .add(request.after())
            .add(Math.min(request.count(), MOST_MESSAGES))
            .add(MOST_BYTES)
            .add(request.missingEpoch() == MissingEpoch.BEGIN ? ids.newEpoch(destination) : "")
            .add(retention.keeps() ? retention.age().toMillis() : 0)
            .add(retention.messages()),
        new HistoryOutput(destination, invalid));
  }
}
