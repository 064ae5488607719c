package io.drumline.listener;

import io.drumline.hub.EventLoops;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import java.net.InetSocketAddress;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.util.unit.DataSize;

/**
 * The client listener: accepts TCP connections. It is started last, when the node is ready for
 * clients, and stopped first; stopping only ends accepting, the hub closes open connections.
 */
public final class Listener implements SmartLifecycle {
  private static final Logger log = LoggerFactory.getLogger(Listener.class);

  private final ListenerProperties properties;
  private final EventLoops loops;
  private final Pipeline pipeline;
  private final IntConsumer bound;
  private volatile @Nullable Channel server;

  /**
   * @param bound receives the port at every start
   */
  Listener(ListenerProperties properties, EventLoops loops, Pipeline pipeline, IntConsumer bound) {
    this.properties = properties;
    this.loops = loops;
    this.pipeline = pipeline;
    this.bound = bound;
  }

  /**
   * Binds the port; returns when clients can connect.
   *
   * @throws CannotListenException if the port cannot be bound
   */
  @Override
  public void start() {
    InetSocketAddress address =
        properties.address() == null
            ? new InetSocketAddress(properties.port())
            : new InetSocketAddress(properties.address(), properties.port());
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(loops.group())
            .channel(loops.serverChannelType())
            .option(ChannelOption.SO_BACKLOG, properties.backlog())
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childHandler(pipeline);
    DataSize sendBuffer = properties.sendBuffer();
    if (sendBuffer != null) {
      bootstrap.childOption(ChannelOption.SO_SNDBUF, (int) sendBuffer.toBytes());
    }
    ChannelFuture binding = bootstrap.bind(address).awaitUninterruptibly();
    if (!binding.isSuccess()) {
      throw new CannotListenException(properties.port(), binding.cause());
    }
    server = binding.channel();
    bound.accept(port());
    log.info(
        "Clients connect to port {}, path {} ({})", port(), properties.path(), loops.transport());
  }

  /** Stops accepting; returns when the port is closed. */
  @Override
  public void stop() {
    Channel channel = server;
    if (channel != null) {
      server = null;
      channel.close().awaitUninterruptibly();
    }
  }

  @Override
  public boolean isRunning() {
    return server != null;
  }

  /** Last to start and first to stop. */
  @Override
  public int getPhase() {
    return DEFAULT_PHASE;
  }

  /**
   * The TCP port it is bound to. Any thread.
   *
   * @throws IllegalStateException if it is not running
   */
  public int port() {
    Channel channel = server;
    if (channel == null) {
      throw new IllegalStateException("The listener is not running");
    }
    return ((InetSocketAddress) channel.localAddress()).getPort();
  }
}
