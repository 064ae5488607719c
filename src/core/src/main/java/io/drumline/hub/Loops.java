package io.drumline.hub;

import io.drumline.loop.Periodic;
import io.drumline.loop.Watchdog;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;
import java.util.List;

/**
 * The event loops of a hub and what belongs to them.
 *
 * @param all one shard and one owner each
 * @param periodic runs their periodic tasks
 * @param watchdog distinguishes a busy loop from a process that was paused
 * @param alloc allocates frames
 */
record Loops(List<EventLoop> all, Periodic periodic, Watchdog watchdog, ByteBufAllocator alloc) {}
