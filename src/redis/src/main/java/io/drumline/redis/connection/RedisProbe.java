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
 * Proves two connections by a round trip: what is published on a channel of the node's own must
 * come back. Used on the owner's thread, except {@link #fresh} and {@link #returned}.
 */
public final class RedisProbe {
  /** Intervals without an answer that make a connection dead. */
  private static final int PATIENCE = 3;

  private static final int BYTES = 2 * Long.BYTES;
  private static final AtomicLong NUMBERS = new AtomicLong();

  /** Tells its probes from those of other masters on the same channel. */
  private final long number = NUMBERS.incrementAndGet();

  private final String channel;
  private final long intervalNanos;
  private final RedisMetrics metrics;
  private final RedisRefusals refusals;
  private final EventExecutor owner;

  /** When the oldest probe was sent of those after the last that came back; 0 if there is none. */
  private long missing;

  /** The same, after the last that Redis answered. */
  private long unanswered;

  private volatile long lastReturn;
  private volatile boolean returned;

  /** What Redis answered to the last probe, where that was an error. */
  private volatile @Nullable String error;

  /** Probes of before a reset count for nothing. */
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

  /** Whether a probe came back lately. From any thread. */
  public boolean fresh() {
    return returned && System.nanoTime() - lastReturn < (PATIENCE + 1) * intervalNanos;
  }

  public void reset() {
    since = System.nanoTime();
    returned = false;
    missing = 0;
    unanswered = 0;
  }

  /** Why the publishing connection is given up. */
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

  /** Takes what came back on the channel, on Lettuce's I/O thread. */
  public void returned(byte[] bytes) {
    long now = System.nanoTime();
    if (bytes.length != BYTES || ByteBuffer.wrap(bytes).getLong(Long.BYTES) != number) {
      return;
    }
    long begun = ByteBuffer.wrap(bytes).getLong();
    // Anyone can publish there: what this node did not send in this time is no proof.
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
