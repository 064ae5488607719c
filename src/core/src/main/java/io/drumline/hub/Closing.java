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
 * The end of a connection: its close code, the closing handshake and the timeout if the peer does
 * not answer. Used on the connection's event loop.
 */
final class Closing {
  private static final Logger log = LoggerFactory.getLogger(Connection.class);

  /** Timeout for the peer to read the remaining data and answer the Close frame. */
  private static final long CLOSE_MILLIS = 8000;

  /** The same when the node needs the memory of the queued data. */
  private static final long BUDGET_CLOSE_MILLIS = 1000;

  private static final int NO_STATUS = 1005;
  private static final int ABNORMAL = 1006;

  private enum State {
    OPEN,
    /** A Close frame was written; nothing follows it. */
    CLOSING,
    /** The same with the shorter timeout, because the node needs the memory. */
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

  /** Whether neither side has closed the connection. */
  boolean isOpen() {
    return state == State.OPEN;
  }

  /** The close code used by either side; 1006 if the connection ended without one. */
  int code() {
    return code;
  }

  /** Restricts the close codes to those that the client can see. */
  void codes(CloseCode.Range range) {
    codes = range;
  }

  /** Sends the pending data, then the Close frame. Idempotent. */
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
      channel.config().setAutoRead(true); // to receive the peer's answer
      queue.closing();
    } catch (Throwable e) {
      endNow(e); // nothing else would
    }
  }

  /** The peer's Close frame has arrived, with this code or 1005 if it had none. */
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
   * Closes the channel without a Close frame, because the data written so far may be incomplete.
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

  /** Closes a slow consumer because the node's outbound queues are over their limit. */
  void closeForBudget(OutboundBudget budget) {
    if (budget.urgent()) {
      closeUntold(OverflowPolicy.CLOSE.code());
    } else {
      close(OverflowPolicy.CLOSE.code(), OverflowPolicy.CLOSE.reason());
    }
    endSoon(budget);
  }

  /** The connection is closed, and the node needs the memory of its queue. */
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

  /** Closes the channel at once: TLS would still try to send its close notification. */
  private void drop() {
    channel.unsafe().close(channel.voidPromise());
  }

  /** The channel is closed; returns false if that was known. */
  boolean end() {
    if (state == State.ENDED) {
      return false;
    }
    state = State.ENDED;
    queue.ended();
    return true;
  }
}
