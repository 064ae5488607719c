package io.drumline.redis.connection;

import io.drumline.loop.TaskGuard;
import io.lettuce.core.event.DefaultEventPublisherOptions;
import io.lettuce.core.protocol.CommandHandler;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import io.lettuce.core.resource.NettyCustomizer;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/**
 * Closes a connection to Redis when something that came on it could not be read. Lettuce does so
 * after an Exception only: after an Error, such as a lack of memory, it fails the command that is
 * first in line and goes on, and what is left of the answer, or lost of it, becomes that of the
 * next command: a message that was not stored may look stored. On the connection's event loop.
 */
final class AnswerGuard extends ChannelInboundHandlerAdapter {
  private final ChannelHandlerContext reader;
  private final CommandHandler handler;
  private final TaskGuard guard;
  private boolean failed;

  private AnswerGuard(ChannelHandlerContext reader, CommandHandler handler, TaskGuard guard) {
    this.reader = reader;
    this.handler = handler;
    this.guard = guard;
  }

  /**
   * With these, each connection has one. What was given, threads among it, stays whose it is when
   * they are shut down. Not by {@code mutate()}: what that builds takes the threads over.
   *
   * @param given what connections share with others; null for threads of their own
   * @param guard counts and logs errors
   */
  static ClientResources resources(@Nullable ClientResources given, TaskGuard guard) {
    DefaultClientResources.Builder builder = DefaultClientResources.builder();
    if (given == null) {
      NettyCustomizer nothing = DefaultClientResources.DEFAULT_NETTY_CUSTOMIZER;
      return builder.nettyCustomizer(customizer(nothing, guard)).build();
    }
    builder
        .commandLatencyPublisherOptions(DefaultEventPublisherOptions.disabled()) // they have theirs
        .eventLoopGroupProvider(given.eventLoopGroupProvider())
        .eventExecutorGroup(given.eventExecutorGroup())
        .timer(given.timer())
        .eventBus(given.eventBus())
        .commandLatencyRecorder(given.commandLatencyRecorder())
        .socketAddressResolver(given.socketAddressResolver())
        .tracing(given.tracing());
    return builder
        .addressResolverGroup(given.addressResolverGroup())
        .nettyCustomizer(customizer(given.nettyCustomizer(), guard))
        .build();
  }

  private static NettyCustomizer customizer(NettyCustomizer given, TaskGuard guard) {
    return new NettyCustomizer() {
      @Override
      public void afterBootstrapInitialized(Bootstrap bootstrap) {
        given.afterBootstrapInitialized(bootstrap);
      }

      @Override
      public void afterChannelInitialized(Channel channel) {
        given.afterChannelInitialized(channel);
        ChannelHandlerContext reader = channel.pipeline().context(CommandHandler.class);
        CommandHandler handler = (CommandHandler) reader.handler();
        channel.pipeline().addBefore(reader.name(), null, new AnswerGuard(reader, handler, guard));
      }
    };
  }

  /** Calls the next handler itself: thrown through Netty, the error would reach that one alone. */
  @Override
  @SuppressWarnings("CatchThrowable")
  public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
    if (failed) {
      ReferenceCountUtil.release(message);
      return;
    }
    try {
      handler.channelRead(reader, message);
    } catch (Throwable e) {
      failed = true;
      try {
        ctx.close();
      } finally {
        if (e instanceof Error) {
          guard.failed(e);
        }
        handler.exceptionCaught(reader, e);
      }
    }
  }
}
