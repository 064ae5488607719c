package io.drumline.redis.state;

import io.drumline.backplane.ControlChannel;
import io.drumline.backplane.ControlListeners;
import io.drumline.backplane.Notice;
import io.drumline.redis.command.Commands;
import io.drumline.redis.format.InvalidEnvelopes;
import io.drumline.redis.format.MalformedException;
import io.drumline.redis.format.RedisKeys;
import io.drumline.redis.status.Operation;
import io.lettuce.core.protocol.CommandType;
import java.util.concurrent.CompletionStage;

/**
 * The control channel of a cluster: one channel in Redis. Notices are published on the publishing
 * connection and received on the subscribed one.
 */
public final class RedisControl implements ControlChannel {
  /** Maximum number of pending notices; further ones fail. */
  public static final int MAX_CALLS = 1024;

  private final String channel;
  private final RedisCalls calls;
  private final ControlListeners listeners;
  private final InvalidEnvelopes invalid;

  /**
   * @param invalid receives messages that are not valid notices
   */
  public RedisControl(
      RedisKeys keys, CallLanes lanes, ControlListeners listeners, InvalidEnvelopes invalid) {
    this.channel = keys.control();
    calls = lanes.open(Operation.NOTICE, "The nodes cannot be told now", MAX_CALLS);
    this.listeners = listeners;
    this.invalid = invalid;
  }

  @Override
  public CompletionStage<Void> tell(Notice notice) {
    byte[] bytes = NoticeForm.write(notice);
    return calls
        .send(
            CommandType.PUBLISH,
            null,
            Commands::integer,
            args -> args.addKey(channel).addValue(bytes))
        .thenAccept(receivers -> {});
  }

  @Override
  public void listen(String kind, Listener listener) {
    listeners.add(kind, listener);
  }

  /** Processes a message of the channel, on Lettuce's I/O thread. */
  public void received(byte[] bytes) {
    try {
      listeners.heard(NoticeForm.read(bytes));
    } catch (MalformedException e) {
      invalid.dropped(channel, e);
    }
  }

  /** Redis has confirmed a connection's subscription to the channel. */
  public void subscribed() {
    listeners.hearing();
  }
}
