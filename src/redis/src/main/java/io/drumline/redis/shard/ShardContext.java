package io.drumline.redis.shard;

import io.drumline.loop.TaskGuard;
import io.drumline.redis.history.ReadScript;
import io.drumline.redis.publish.PendingPublications;
import io.drumline.redis.publish.PublishScript;
import io.drumline.redis.settings.RedisSettings;
import io.drumline.redis.status.RedisMetrics;
import io.drumline.redis.status.RedisRefusals;
import io.netty.util.concurrent.EventExecutor;

/**
 * The state shared by the shards of a node.
 *
 * @param owner the backplane's thread
 * @param probeChannel the channel for probes
 * @param guard counts steps that throw
 */
public record ShardContext(
    RedisSettings settings,
    RedisMetrics metrics,
    RedisRefusals refusals,
    EventExecutor owner,
    PublishScript publish,
    ReadScript read,
    PendingPublications publications,
    String probeChannel,
    ShardWatcher watcher,
    TaskGuard guard) {}
