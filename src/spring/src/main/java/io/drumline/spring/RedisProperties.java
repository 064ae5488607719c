package io.drumline.spring;

import io.drumline.redis.settings.RedisSettings;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * How the node uses Redis; {@code spring.data.redis.*} sets its address.
 *
 * @param prefix Before every key and channel in Redis.
 * @param commandTimeout How long Redis may take to answer.
 * @param publishTimeout How long a publication may take; as long it is sent again when a connection
 *     was lost before the answer, and stored once all the same.
 * @param minReplicas How many replicas must have a message before it counts as accepted; 0 to wait
 *     for none. Not for a Redis Cluster.
 * @param requestQueue Most publications that wait for Redis; more are refused.
 * @param requestQueueSize Most bytes of publications that wait for Redis; more are refused.
 * @param probeInterval How often the pub/sub connection proves itself by a round trip; after three
 *     without an answer it is replaced.
 * @param reconnectMax Longest pause between two attempts to reconnect; each is random up to it.
 * @param tcpUserTimeout How long sent bytes may stay unacknowledged before TCP gives a connection
 *     up; Linux alone knows it.
 */
@Validated
@ConfigurationProperties("drumline.redis")
public record RedisProperties(
    @DefaultValue("drumline:") @NotNull String prefix,
    @DefaultValue("1s") @DurationMin(millis = 50) Duration commandTimeout,
    @DefaultValue("5s") @DurationMin(millis = 50) @DurationMax(minutes = 10)
        Duration publishTimeout,
    @DefaultValue("0") @Min(0) int minReplicas,
    @DefaultValue("16384") @Min(1) @Max(1 << 24) int requestQueue,
    @DefaultValue("64MB") @NotNull DataSize requestQueueSize,
    @DefaultValue("1s") @DurationMin(millis = 20) Duration probeInterval,
    @DefaultValue("2s") @DurationMin(millis = 10) Duration reconnectMax,
    @DefaultValue("3s") @DurationMin(millis = 100) Duration tcpUserTimeout) {

  /** The settings for the backplane. */
  public RedisSettings settings() {
    return new RedisSettings(
        prefix,
        commandTimeout,
        publishTimeout,
        minReplicas,
        requestQueue,
        requestQueueSize.toBytes(),
        probeInterval,
        reconnectMax,
        tcpUserTimeout);
  }
}
