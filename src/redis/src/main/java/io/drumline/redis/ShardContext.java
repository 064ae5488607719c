package io.drumline.redis;

import io.drumline.loop.TaskGuard;
import io.netty.util.concurrent.EventExecutor;

/**
 * What the shards of a node share.
 *
 * @param owner the backplane's thread
 * @param probeChannel where they prove themselves
 * @param guard counts steps that throw
 */
record ShardContext(
    RedisSettings settings,
    RedisMetrics metrics,
    RedisRefusals refusals,
    EventExecutor owner,
    PublishScript publish,
    ReadScript read,
    Publications publications,
    String probeChannel,
    ShardWatcher watcher,
    TaskGuard guard) {}
