package io.drumline.hub;

import io.drumline.loop.Periodic;
import io.drumline.loop.Watchdog;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The event loops that serve client connections: native epoll on Linux, NIO elsewhere. */
public final class EventLoops implements AutoCloseable {
  private static final Duration PAUSE_LIMIT = Duration.ofSeconds(10);

  private final Periodic periodic;
  private final Watchdog watchdog;
  private final EventLoopGroup group;
  private final List<EventLoop> loops;
  private final boolean epoll;

  /**
   * Loops with their own periodic tasks and watchdog, for use outside a node.
   *
   * @param threads number of loops; 0 means one per available processor
   */
  public EventLoops(int threads) {
    this(threads, new SimpleMeterRegistry());
  }

  private EventLoops(int threads, MeterRegistry registry) {
    this(threads, new Periodic(registry), registry);
  }

  private EventLoops(int threads, Periodic periodic, MeterRegistry registry) {
    this(threads, periodic, new Watchdog(periodic, PAUSE_LIMIT, registry));
  }

  /**
   * @param threads number of loops; 0 means one per available processor
   * @param periodic runs the loops' periodic tasks
   * @param watchdog distinguishes a busy loop from a process that was paused
   */
  public EventLoops(int threads, Periodic periodic, Watchdog watchdog) {
    this.periodic = periodic;
    this.watchdog = watchdog;
    epoll = Epoll.isAvailable();
    int count = threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
    IoHandlerFactory io = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    group =
        new MultiThreadIoEventLoopGroup(count, new DefaultThreadFactory("drumline-loop", true), io);
    loops = new ArrayList<>(count);
    for (EventExecutor loop : group) {
      loops.add((EventLoop) loop);
    }
  }

  /** All loops, for Netty's bootstrap. */
  public EventLoopGroup group() {
    return group;
  }

  /** The server channel type for these loops. */
  public Class<? extends ServerChannel> serverChannelType() {
    return epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
  }

  /** {@code epoll} or {@code nio}, for the log. */
  public String transport() {
    return epoll ? "epoll" : "nio";
  }

  List<EventLoop> loops() {
    return loops;
  }

  /** For a hub; frames are pooled by Netty. */
  Loops watched() {
    return new Loops(loops, periodic, watchdog, PooledByteBufAllocator.DEFAULT);
  }

  /** Stops the loops; waits for their running tasks, at most 5 seconds. */
  @Override
  public void close() {
    group.shutdownGracefully(0, 3, TimeUnit.SECONDS).awaitUninterruptibly(5, TimeUnit.SECONDS);
  }
}
