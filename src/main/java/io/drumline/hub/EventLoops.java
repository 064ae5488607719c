package io.drumline.hub;

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
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The event loops that serve client sockets: native epoll on Linux, NIO elsewhere. */
public final class EventLoops implements AutoCloseable {
  private final EventLoopGroup group;
  private final List<EventLoop> loops;
  private final boolean epoll;

  /**
   * @param threads how many; 0 means one per available processor
   */
  public EventLoops(int threads) {
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

  /** All loops as Netty's bootstrap wants them. */
  public EventLoopGroup group() {
    return group;
  }

  /** The server channel that fits the loops. */
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

  /** Ends the loops; waits for what they are doing, at most 5 seconds. */
  @Override
  public void close() {
    group.shutdownGracefully(0, 3, TimeUnit.SECONDS).awaitUninterruptibly(5, TimeUnit.SECONDS);
  }
}
