package io.drumline.stomp.client;

import io.drumline.hub.Connection;
import io.drumline.hub.Frames;
import io.drumline.hub.Wheel;
import io.drumline.message.CloseCode;
import io.drumline.stomp.codec.Sentences;
import io.drumline.stomp.codec.StompException;
import io.drumline.stomp.settings.StompProperties;
import java.util.concurrent.TimeUnit;

/**
 * STOMP heart-beats of one connection, on its event loop's timing wheel.
 *
 * @param send interval in milliseconds in which the server sends; 0 for never
 * @param receive interval in milliseconds in which the client must send; 0 for never
 */
public record HeartBeats(long send, long receive) {
  public static final HeartBeats NONE = new HeartBeats(0, 0);

  /** Heart-beats are sent this much early, since the wheel may be late by a tick or two. */
  private static final long EARLY_MILLIS = 200;

  /**
   * The connection is closed after this many missed intervals: browsers throttle timers, networks
   * pause.
   */
  private static final int PATIENCE = 3;

  private static final long MAX_INTERVAL = TimeUnit.DAYS.toMillis(1);

  /**
   * Negotiates heart-beats.
   *
   * @param header the client's {@code heart-beat} header
   * @throws StompException if it is not two numbers
   */
  public static HeartBeats agree(String header, StompProperties properties) {
    long[] client = read(header);
    return new HeartBeats(
        slower(properties.heartBeatSend().toMillis(), client[1]),
        slower(properties.heartBeatReceive().toMillis(), client[0]));
  }

  /**
   * The intervals in which the client can send and wants to receive, in milliseconds.
   *
   * @throws StompException if it is not two numbers
   */
  public static long[] read(String header) {
    String[] parts = header.split(",", -1);
    if (parts.length != 2) {
      throw malformed(header);
    }
    return new long[] {parse(parts[0], header), parse(parts[1], header)};
  }

  /**
   * Starts to send and to expect heart-beats.
   *
   * @param carrier the kind of WebSocket frame that they are sent in
   */
  public void start(Connection connection, Frames.Payload carrier) {
    if (send > 0) {
      long interval = Math.max(1, send - EARLY_MILLIS);
      connection.wheel().after(soon(interval), () -> beat(connection, interval, carrier));
    }
    if (receive > 0) {
      long patience = receive * PATIENCE;
      connection.wheel().after(soon(patience), () -> listen(connection, patience));
    }
  }

  private static long beat(Connection connection, long interval, Frames.Payload carrier) {
    if (!connection.open()) {
      return 0;
    }
    long idle = millisSince(connection.lastWrite());
    if (idle + EARLY_MILLIS / 2 < interval) {
      return soon(interval - idle);
    }
    connection.write(Frames.heartBeat(carrier));
    return soon(interval);
  }

  private static long listen(Connection connection, long patience) {
    if (!connection.open()) {
      return 0;
    }
    long silent = connection.isReading() ? millisSince(connection.lastHeard()) : 0;
    if (silent < patience) {
      return soon(patience - silent);
    }
    connection.close(CloseCode.SILENT, "No heart-beat came for " + silent + " ms.");
    return 0;
  }

  private static long soon(long millis) {
    return Math.min(millis, Wheel.LOOK_IN_MILLIS);
  }

  private static long slower(long ours, long theirs) {
    return ours == 0 || theirs == 0 ? 0 : Math.max(ours, theirs);
  }

  private static long parse(String text, String header) {
    try {
      long millis = Long.parseLong(text.strip());
      if (millis >= 0) {
        return Math.min(millis, MAX_INTERVAL);
      }
    } catch (NumberFormatException notANumber) {
      // rejected below
    }
    throw malformed(header);
  }

  private static StompException malformed(String header) {
    return new StompException(
        "The heart-beat header must be two numbers of milliseconds, such as 10000,10000, but is '"
            + Sentences.shorten(header)
            + "'.");
  }

  private static long millisSince(long nanos) {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - nanos);
  }
}
