package io.drumline.redis.settings;

import java.time.Duration;

/**
 * How the backplane uses Redis.
 *
 * @param prefix of every key and channel in Redis
 * @param commandTimeout how long Redis may take to answer
 * @param publishTimeout how long a publication may take; until then it is resent when a connection
 *     was lost before the answer, but stored only once
 * @param minReplicas how many replicas must have a message before it counts as accepted; 0 to wait
 *     for none
 * @param requestQueue maximum number of publications waiting for Redis; further ones are rejected
 * @param requestQueueBytes maximum bytes of publications waiting for Redis; further ones are
 *     rejected
 * @param probeInterval how often connections are checked by a round trip
 * @param reconnectMax longest delay between two attempts to reconnect
 * @param tcpUserTimeout how long sent bytes may stay unacknowledged before TCP closes a connection;
 *     Linux only
 */
public record RedisSettings(
    String prefix,
    Duration commandTimeout,
    Duration publishTimeout,
    int minReplicas,
    int requestQueue,
    long requestQueueBytes,
    Duration probeInterval,
    Duration reconnectMax,
    Duration tcpUserTimeout) {}
