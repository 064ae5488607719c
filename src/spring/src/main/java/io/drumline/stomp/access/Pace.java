package io.drumline.stomp.access;

import io.drumline.hub.Connection;
import io.drumline.hub.Pause;
import io.drumline.message.CloseCode;
import io.drumline.security.Limits;
import io.drumline.security.Limits.Paced;
import io.drumline.security.TokenBucket;
import io.drumline.stomp.codec.StompException;
import io.drumline.stomp.settings.StompProperties;
import io.drumline.stomp.settings.StompProperties.Rate.Excess;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Limits the messages and bytes that one client may send per second. Reading from a faster client
 * pauses until it is within the rate again, or its session fails, as configured. Used on the
 * connection's event loop.
 */
public final class Pace {
  private final Connection connection;
  private final StompProperties.Rate rate;
  private final Limits limits;
  private final @Nullable TokenBucket messages;
  private final @Nullable TokenBucket bytes;
  private int framesOfMessage;
  private boolean pausing;
  private long goesOnAt;

  public Pace(Connection connection, StompProperties.Rate rate, Limits limits) {
    this.connection = connection;
    this.rate = rate;
    this.limits = limits;
    this.messages = bucket(rate.messagesPerSecond());
    this.bytes = bucket(rate.bytesPerSecond().toBytes());
  }

  private static @Nullable TokenBucket bucket(long perSecond) {
    return perSecond == 0
        ? null
        : new TokenBucket(TokenBucket.Rate.perSecond(perSecond), System.nanoTime());
  }

  /**
   * Counts a WebSocket frame with this many bytes, before it is processed.
   *
   * @throws StompException if the client sends too fast, and is not to be delayed
   */
  public void received(int size) {
    framesOfMessage = 0;
    long now = System.nanoTime();
    if (messages != null) {
      hold(Paced.MESSAGES, messages.take(1, now), now);
    }
    if (bytes != null && size > 0) {
      hold(Paced.BYTES, bytes.take(size, now), now);
    }
  }

  /**
   * Counts a STOMP frame; the first of a WebSocket frame is counted with it.
   *
   * @throws StompException as {@link #received}
   */
  public void brought() {
    if (++framesOfMessage > 1 && messages != null) {
      long now = System.nanoTime();
      hold(Paced.MESSAGES, messages.take(1, now), now);
    }
  }

  private void hold(Paced paced, long wait, long now) {
    if (wait <= 0) {
      return;
    }
    if (rate.excess() == Excess.CLOSE) {
      limits.limited(paced);
      throw new StompException(tooFast(paced), null, CloseCode.TOO_FAST);
    }
    if (!pausing) {
      pausing = true;
      goesOnAt = now + wait;
      limits.limited(paced);
      connection.pause(Pause.TOO_FAST);
      connection.wheel().after(millis(wait), this::goOn);
    } else if (now + wait - goesOnAt > 0) {
      goesOnAt = now + wait;
    }
  }

  private long goOn() {
    long wait = goesOnAt - System.nanoTime();
    if (wait > 0 && connection.open()) {
      return millis(wait);
    }
    pausing = false;
    connection.goOn(Pause.TOO_FAST);
    return 0;
  }

  private String tooFast(Paced paced) {
    return paced == Paced.MESSAGES
        ? "You send too fast: at most " + rate.messagesPerSecond() + " messages a second."
        : "You send too fast: at most " + rate.bytesPerSecond().toBytes() + " bytes a second.";
  }

  private static long millis(long nanos) {
    return TimeUnit.NANOSECONDS.toMillis(nanos) + 1;
  }
}
