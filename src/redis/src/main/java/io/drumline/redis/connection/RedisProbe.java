package io.drumline.redis.connection;

import io.drumline.redis.command.Commands;
import io.drumline.redis.command.ErrorReply;
import io.drumline.redis.settings.RedisSettings;
import io.drumline.redis.status.Operation;
import io.drumline.redis.status.RedisMetrics;
import io.drumline.redis.status.RedisRefusals;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.protocol.AsyncCommand;
import io.lettuce.core.protocol.CommandType;
import io.netty.util.concurrent.EventExecutor;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Checks two connections by a round trip: a probe published on this node's own channel must arrive
 * on the subscribed connection. Used on the owner's thread, except {@link #fresh} and {@link
 * #returned}.
 */
public final class RedisProbe {
  /** Intervals without an answer after which a connection is dead. */
  private static final int PATIENCE = 3;

  private static final int BYTES = 2 * Long.BYTES;
  private static final AtomicLong NUMBERS = new AtomicLong();

  /** Distinguishes its probes from those of other masters on the same channel. */
  private final long number = NUMBERS.incrementAndGet();

  private final String channel;
  private final long intervalNanos;
  private final RedisMetrics metrics;
  private final RedisRefusals refusals;
  private final EventExecutor owner;

  /** When the oldest probe after the last one that arrived was sent; 0 if there is none. */
  private long missing;

  /** When the oldest probe after the last one that Redis answered was sent; 0 if there is none. */
  private long unanswered;

  private volatile long lastReturn;
  private volatile boolean returned;

  /** Redis' error for the last probe, if any. */
  private volatile @Nullable String error;

  /** Probes sent before the last reset are ignored. */
  private volatile long since = System.nanoTime();

  public RedisProbe(
      String channel,
      RedisSettings settings,
      RedisMetrics metrics,
      RedisRefusals refusals,
      EventExecutor owner) {
    this.channel = channel;
    this.intervalNanos = settings.probeInterval().toNanos();
    this.metrics = metrics;
    this.refusals = refusals;
    this.owner = owner;
  }

  /** Whether a probe has arrived recently. Any thread. */
  public boolean fresh() {
    return returned && System.nanoTime() - lastReturn < (PATIENCE + 1) * intervalNanos;
  }

  public void reset() {
    since = System.nanoTime();
    returned = false;
    missing = 0;
    unanswered = 0;
  }

  /** Why the publishing connection is closed. */
  public String failure() {
    String error = this.error;
    return error == null ? "it does not answer" : error;
  }

  public ProbeVerdict verdict() {
    long now = System.nanoTime();
    if (unanswered != 0 && now - unanswered >= PATIENCE * intervalNanos) {
      return ProbeVerdict.PUBLISHER_SILENT;
    }
    if (missing != 0 && now - missing >= PATIENCE * intervalNanos) {
      return ProbeVerdict.SUBSCRIBER_SILENT;
    }
    return missing == 0 && unanswered == 0 && returned ? ProbeVerdict.ALIVE : ProbeVerdict.PENDING;
  }

  public void send(StatefulConnection<String, byte[]> connection) {
    long begun = System.nanoTime();
    missing = missing == 0 ? begun : missing;
    unanswered = unanswered == 0 ? begun : unanswered;
    byte[] payload = ByteBuffer.allocate(BYTES).putLong(begun).putLong(number).array();
    AsyncCommand<String, byte[], Long> publish =
        Commands.command(
            CommandType.PUBLISH,
            Commands.integer(),
            Commands.args().addKey(channel).addValue(payload));
    publish.onComplete((receivers, failure) -> taken(begun, failure));
    connection.dispatch(publish);
  }

  private void taken(long begun, @Nullable Throwable failure) {
    if (failure != null) {
      var unused = refusals.failed(Operation.PROBE, failure);
      error = ErrorReply.in(failure);
    } else if (!owner.isShuttingDown()) {
      refusals.accepted(Operation.PROBE);
      error = null;
      owner.execute(
          () -> {
            if (begun - since >= 0) {
              unanswered = 0;
            }
          });
    }
  }

  /** Processes a message of the channel, on Lettuce's I/O thread. */
  public void returned(byte[] bytes) {
    long now = System.nanoTime();
    if (bytes.length != BYTES || ByteBuffer.wrap(bytes).getLong(Long.BYTES) != number) {
      return;
    }
    long begun = ByteBuffer.wrap(bytes).getLong();
    // Anyone can publish there: messages that this node did not send in this time prove nothing.
    if (begun - since < 0 || now - begun < 0) {
      return;
    }
    metrics.roundTrip(now - begun);
    lastReturn = now;
    returned = true;
    if (!owner.isShuttingDown()) {
      owner.execute(() -> missing = 0);
    }
  }
}
