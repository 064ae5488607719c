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
 * Closes a connection to Redis when incoming data could not be read. Lettuce does so only after an
 * Exception. After an Error, such as a lack of memory, it fails the first pending command and goes
 * on, so that the rest of the answer, or the next one, is assigned to the next command: a message
 * that was not stored may appear to be stored. Used on the connection's event loop.
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
   * Client resources that add a guard to each connection. The given resources, including their
   * threads, are not shut down with these. {@code mutate()} is not used: the resources it builds
   * would take ownership of the threads.
   *
   * @param given resources shared with others; null to create new ones
   * @param guard counts and logs errors
   */
  static ClientResources resources(@Nullable ClientResources given, TaskGuard guard) {
    DefaultClientResources.Builder builder = DefaultClientResources.builder();
    if (given == null) {
      NettyCustomizer nothing = DefaultClientResources.DEFAULT_NETTY_CUSTOMIZER;
      return builder.nettyCustomizer(customizer(nothing, guard)).build();
    }
    builder
        .commandLatencyPublisherOptions(DefaultEventPublisherOptions.disabled()) // given has them
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

  /** Calls the next handler directly: through Netty, only that handler would receive the error. */
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
