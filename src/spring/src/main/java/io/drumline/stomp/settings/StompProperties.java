package io.drumline.stomp.settings;

import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;
import java.util.List;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * STOMP settings and limits.
 *
 * @param heartBeatSend how often the server offers to send a heart-beat; 0 for never
 * @param heartBeatReceive how often the server wishes to hear from a client; 0 for never
 * @param connectTimeout how long it may take from the upgrade to CONNECTED, whatever it waits for:
 *     the CONNECT frame, the check of the token or password, Redis, channel interceptors
 * @param maxHeaders headers of one frame
 * @param maxHeaderSize one header line
 * @param maxConnectFrameSize a frame before the client has connected
 * @param maxBodySize the body of a frame
 * @param maxSubscriptions subscriptions of one connection
 * @param maxTransactions open transactions of one connection
 * @param maxTransactionFrames frames held by all open transactions of one connection
 * @param maxTransactionSize bodies held by all open transactions of one connection
 * @param maxUnacknowledged messages that one connection may leave unacknowledged
 * @param maxInFlight frames of one connection that are being processed; reading from it pauses
 *     beyond that
 * @param inboundLimit what all connections of the node may have handed to application code that is
 *     not done yet; beyond it, who hands over more is not read from until half of it is left, and
 *     beyond twice of it frames are refused
 * @param unmapped what becomes of a SEND or SUBSCRIBE to an application destination (such as {@code
 *     /app/x}) that no method is mapped to: {@code refuse} answers with an ERROR, {@code ignore}
 *     drops it, as Spring does; where the application has subscribed handlers of its own to the
 *     client inbound channel, nothing is refused
 * @param newDestinations how many destinations with history clients may begin to use
 * @param rate how fast one connection may send
 */
@Validated
@ConfigurationProperties(value = "drumline.stomp", ignoreUnknownFields = false)
public record StompProperties(
    @DefaultValue("10s") @DurationMin Duration heartBeatSend,
    @DefaultValue("10s") @DurationMin Duration heartBeatReceive,
    @DefaultValue("10s") @DurationMin(millis = 100) Duration connectTimeout,
    @DefaultValue("128") @Min(8) int maxHeaders,
    @DefaultValue("8KB") DataSize maxHeaderSize,
    @DefaultValue("64KB") DataSize maxConnectFrameSize,
    @DefaultValue("1MB") DataSize maxBodySize,
    @DefaultValue("128") @Min(1) int maxSubscriptions,
    @DefaultValue("16") @Min(1) int maxTransactions,
    @DefaultValue("10000") @Min(1) int maxTransactionFrames,
    @DefaultValue("1MB") DataSize maxTransactionSize,
    @DefaultValue("10000") @Min(1) int maxUnacknowledged,
    @DefaultValue("256") @Min(1) @Max(65536) int maxInFlight,
    @DefaultValue("32MB") DataSize inboundLimit,
    @DefaultValue("refuse") UnmappedPolicy unmapped,
    @DefaultValue @Valid NewDestinations newDestinations,
    @DefaultValue @Valid Rate rate) {

  /** The size of a few frames. */
  private static final long LEAST_INBOUND = 16 * 1024;

  public StompProperties {
    if (inboundLimit.toBytes() < LEAST_INBOUND) {
      throw new IllegalArgumentException("drumline.stomp.inbound-limit must be at least 16KB");
    }
  }

  /**
   * Limits the new destinations with history that clients use, by SEND, or by SUBSCRIBE with
   * continuity: each takes keys in Redis for a day or more. A destination is new if no client of
   * this node has used it within the window, even if Redis has it: after a start, or when clients
   * of another node reconnect, all their destinations are new. The HTTP API and application code
   * are not limited.
   *
   * @param window for how long a destination is known, and counted; between half of it and all of
   *     it
   * @param perConnection new ones of one connection, above which it gets an ERROR and 4010; 0 for
   *     any number
   * @param perUser new ones of all connections of one user to the node, likewise; 0 for any number
   * @param perNode all that the node's clients use within the window, above which new ones get an
   *     ERROR and 1013: at least as many as the clients of the whole cluster use, since all of them
   *     may come to one node; clients without a name may begin half of them; 0 for any number,
   *     which takes as much memory as clients please
   * @param exemptUsers names of users that are not limited per connection or user, such as a
   *     service that sends to each user by STOMP
   */
  public record NewDestinations(
      @DefaultValue("1h") @DurationMin(seconds = 1) @DurationMax(days = 30) Duration window,
      @DefaultValue("2000") @Min(0) int perConnection,
      @DefaultValue("5000") @Min(0) int perUser,
      @DefaultValue("1000000") @Min(0) @Max(100_000_000) int perNode,
      @DefaultValue List<String> exemptUsers) {}

  /**
   * The rate at which one connection may send, with a burst of two seconds' worth.
   *
   * @param messagesPerSecond WebSocket frames, and STOMP frames where one of those brings several;
   *     0 for any number
   * @param bytesPerSecond what is in them, inflated; 0 for any number
   * @param excess what becomes of a client that is faster
   */
  public record Rate(
      @DefaultValue("10000") @Min(0) @Max(1_000_000) int messagesPerSecond,
      @DefaultValue("16MB") DataSize bytesPerSecond,
      @DefaultValue("delay") Excess excess) {

    /** The highest rate in bytes per second. */
    private static final long MOST_BYTES = 900_000_000;

    public Rate {
      if (bytesPerSecond.isNegative() || bytesPerSecond.toBytes() > MOST_BYTES) {
        throw new IllegalArgumentException(
            "drumline.stomp.rate.bytes-per-second must be between 0 and 900000000B");
      }
    }

    /** How a client that sends too fast is handled. */
    public enum Excess {
      /** Reading pauses until the client is within the rate: nothing is lost. */
      DELAY,
      /** The client gets an ERROR and is closed. */
      CLOSE
    }
  }
}
