package io.drumline.redis.settings;

import java.time.Duration;

/**
 * How the backplane uses Redis.
 *
 * @param prefix before every key and channel in Redis
 * @param commandTimeout how long Redis may take to answer
 * @param publishTimeout how long a publication may take; as long it is sent again when a connection
 *     was lost before the answer, and stored once all the same
 * @param minReplicas how many replicas must have a message before it counts as accepted; 0 to wait
 *     for none
 * @param requestQueue most publications that wait for Redis; more are refused
 * @param requestQueueBytes most bytes of publications that wait for Redis; more are refused
 * @param probeInterval how often the pub/sub connection proves itself by a round trip
 * @param reconnectMax longest pause between two attempts to reconnect
 * @param tcpUserTimeout how long sent bytes may stay unacknowledged before TCP gives a connection
 *     up; Linux alone knows it
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
