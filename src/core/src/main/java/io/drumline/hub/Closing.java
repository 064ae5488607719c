package io.drumline.hub;

import io.drumline.hub.outbound.OutboundBudget;
import io.drumline.hub.outbound.OutboundQueue;
import io.drumline.message.CloseCode;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a connection ends: closed by either side, with which code, and given up on when its peer does
 * not answer. Used on its event loop.
 */
final class Closing {
  private static final Logger log = LoggerFactory.getLogger(Connection.class);

  /** How long a peer may take to answer a Close frame, and a slow one to read up to it. */
  private static final long CLOSE_MILLIS = 8000;

  /** The same where the node needs the memory of what waits. */
  private static final long BUDGET_CLOSE_MILLIS = 1000;

  private static final int NO_STATUS = 1005;
  private static final int ABNORMAL = 1006;

  private enum State {
    OPEN,
    /** A Close frame was written; nothing follows it. */
    CLOSING,
    /** The same, and it is given up on soon, as the node needs the memory of what waits. */
    HURRIED,
    ENDED
  }

  private final Channel channel;
  private final ShardLoop loop;
  private final OutboundQueue queue;
  private final String id;
  private State state = State.OPEN;
  private CloseCode.Range codes = CloseCode.Range.STANDARD;
  private int code = ABNORMAL;

  /**
   * @param id of the connection, for the log
   */
  Closing(Channel channel, ShardLoop loop, OutboundQueue queue, String id) {
    this.channel = channel;
    this.loop = loop;
    this.queue = queue;
    this.id = id;
  }

  /** Whether neither side has closed it. */
  boolean isOpen() {
    return state == State.OPEN;
  }

  /** The code it was closed with, by either side; 1006 if the socket just ended. */
  int code() {
    return code;
  }

  /** The client can see these codes only. */
  void codes(CloseCode.Range range) {
    codes = range;
  }

  /** What was written goes first, then the Close frame. Idempotent. */
  void close(CloseCode meant, String reason) {
    if (state != State.OPEN) {
      return;
    }
    CloseCode seen = meant.in(codes);
    state = State.CLOSING;
    code = seen.code();
    try {
      loop.metrics.closed(seen);
      loop.wheel.after(CLOSE_MILLIS, this::giveUp);
      channel.writeAndFlush(Frames.close(loop.alloc, code, reason), channel.voidPromise());
      channel.config().setAutoRead(true); // to see the peer's answer
      queue.closing();
    } catch (Throwable e) {
      endNow(e); // nobody is left who would
    }
  }

  /** The peer's Close frame has come, with this code or 1005 for none. */
  void peerClosed(int peersCode) {
    if (state != State.OPEN) {
      channel.close();
      return;
    }
    state = State.CLOSING;
    code = peersCode;
    try {
      loop.wheel.after(CLOSE_MILLIS, this::giveUp);
      ByteBuf answer =
          code == NO_STATUS ? Frames.emptyClose(loop.alloc) : Frames.close(loop.alloc, code, "");
      channel.writeAndFlush(answer).addListener(ChannelFutureListener.CLOSE);
      queue.closing();
    } catch (Throwable e) {
      endNow(e);
    }
  }

  /**
   * Ends it without a Close frame: what was written may end in the middle of a frame, or lack one.
   */
  void abort(Throwable cause) {
    closeUntold(CloseCode.INTERNAL_ERROR);
    endNow(cause);
  }

  private void closeUntold(CloseCode why) {
    if (state == State.OPEN) {
      state = State.CLOSING;
      code = why.code();
      loop.metrics.closed(why);
    }
  }

  private void endNow(Throwable cause) {
    loop.failures.tell(cause);
    try {
      channel.close();
      log.warn("Session {} ended, as it could not be written to", id, cause);
    } catch (Throwable e) {
      channel.unsafe().closeForcibly();
    }
  }

  /** It holds the oldest of what the node has to send, and that is too much. */
  void closeForBudget(OutboundBudget budget) {
    if (budget.urgent()) {
      closeUntold(OverflowPolicy.CLOSE.code());
    } else {
      close(OverflowPolicy.CLOSE.code(), OverflowPolicy.CLOSE.reason());
    }
    endSoon(budget);
  }

  /** It is closed, and the node needs the memory of what waits. */
  void endSoon(OutboundBudget budget) {
    queue.closing();
    if (budget.urgent()) {
      drop();
    } else if (state == State.CLOSING) {
      state = State.HURRIED;
      loop.wheel.after(BUDGET_CLOSE_MILLIS, this::giveUp);
    }
  }

  private long giveUp() {
    if (state == State.HURRIED) {
      drop();
    } else if (state != State.ENDED) {
      channel.close();
    }
    return 0;
  }

  /** Ends the socket at once: TLS would still try to say good-bye. */
  private void drop() {
    channel.unsafe().close(channel.voidPromise());
  }

  /** The socket has ended; returns false if that was known. */
  boolean end() {
    if (state == State.ENDED) {
      return false;
    }
    state = State.ENDED;
    queue.ended();
    return true;
  }
}
