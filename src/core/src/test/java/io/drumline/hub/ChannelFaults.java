package io.drumline.hub;

import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.util.ReferenceCountUtil;
import java.lang.reflect.Field;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** Has steps in the pipelines of a node's clients fail on purpose, for tests of other packages. */
public final class ChannelFaults {
  private enum Step {
    READ,
    WRITE,
    FLUSH,
    CLOSE;

    @Override
    public String toString() {
      return "Channel." + name().toLowerCase(Locale.ROOT);
    }
  }

  private ChannelFaults() {}

  /** The names of the steps. */
  public static Set<String> steps() {
    return Arrays.stream(Step.values()).map(Step::toString).collect(Collectors.toUnmodifiableSet());
  }

  /**
   * In all connections from now on.
   *
   * @param hook is given the name of each step before it is done, and may throw
   */
  public static void in(Hub hub, Consumer<String> hook) {
    hub.onConnect(connection -> channel(connection).pipeline().addFirst(new Handler(hook)));
  }

  private static Channel channel(Connection connection) {
    try {
      Field field = Connection.class.getDeclaredField("channel");
      field.setAccessible(true);
      return (Channel) field.get(connection);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  private static final class Handler extends ChannelDuplexHandler {
    private final Consumer<String> hook;

    Handler(Consumer<String> hook) {
      this.hook = hook;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      release(Step.READ, message);
      ctx.fireChannelRead(message);
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
      release(Step.WRITE, message);
      ctx.write(message, promise);
    }

    private void release(Step step, Object message) {
      try {
        hook.accept(step.toString());
      } catch (RuntimeException | Error e) {
        ReferenceCountUtil.release(message);
        throw e;
      }
    }

    @Override
    public void flush(ChannelHandlerContext ctx) {
      hook.accept(Step.FLUSH.toString());
      ctx.flush();
    }

    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
      hook.accept(Step.CLOSE.toString());
      ctx.close(promise);
    }
  }
}
