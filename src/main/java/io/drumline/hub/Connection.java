package io.drumline.hub;

import io.drumline.message.CloseCode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.UnixChannel;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's WebSocket after the upgrade, and the only writer to it. Everything is called on its
 * event loop, unless a method says otherwise.
 */
public final class Connection {
  private static final Logger log = LoggerFactory.getLogger(Connection.class);

  /** How long a peer may take to answer a Close frame, and a slow one to read up to it. */
  private static final long CLOSE_MILLIS = 8000;

  private static final int NO_STATUS = 1005;
  private static final int ABNORMAL = 1006;

  /** Octets that wait for a client weigh as much as one subscription. */
  private static final int OCTETS_LIKE_A_SUBSCRIPTION = 4096;

  /** Why nothing is read from a socket; it is read from when there is no reason left. */
  public enum Pause {
    /** The client is connecting: what it sends meanwhile waits in the kernel. */
    CONNECTING(1),
    /** As much is being processed as may be. */
    IN_FLIGHT(2),
    /** The client has sent faster than it may. */
    TOO_FAST(4),
    /** The node's application code is behind with what clients have sent to it. */
    APPLICATION(8);

    private final int bit;

    Pause(int bit) {
      this.bit = bit;
    }
  }

  private enum State {
    OPEN,
    /** A Close frame was written; nothing follows it. */
    CLOSING,
    ENDED
  }

  private final Channel channel;
  private final Shard shard;
  private final String id;
  private final boolean deflate;

  /** For writes past the pipeline; null where octets must go through it. */
  private final @Nullable FileDescriptor socket;

  private State state = State.OPEN;
  private boolean dirty;

  /** A bit for each {@link Pause} that lasts. */
  private int pauses;

  /** False only if nothing waits in the channel's queue: fan-out then need not look there. */
  private boolean mayBeQueued = true;

  private CloseCode.Range closeCodes = CloseCode.Range.STANDARD;
  private int closeCode = ABNORMAL;
  private final long since = System.nanoTime();
  private long lastWrite = since;
  private long lastHeard = since;

  private @Nullable CatchUps catchUps;

  /** Where the shard holds this connection. */
  int index;

  /** How many subscriptions it has, those that catch up included. */
  int subscriptions;

  Connection(Channel channel, Shard shard, String id, boolean deflate) {
    this.channel = channel;
    this.shard = shard;
    this.id = id;
    this.deflate = deflate;
    // With TLS the octets must pass through the pipeline.
    boolean plain = channel.pipeline().get(SslHandler.class) == null;
    this.socket = plain && channel instanceof UnixChannel unix ? unix.fd() : null;
  }

  /** The session id: unique in the cluster, not to be guessed. Any thread. */
  public String id() {
    return id;
  }

  /** Runs on the connection's event loop, after what already waits there. Any thread. */
  public void execute(Runnable task) {
    shard.loop.execute(task);
  }

  /** Whether the caller is on the connection's event loop. Any thread. */
  public boolean inEventLoop() {
    return shard.loop.inEventLoop();
  }

  /** False once it was closed by either side; nothing is written then. */
  public boolean open() {
    return state == State.OPEN;
  }

  /** The loop's timers. */
  public Wheel wheel() {
    return shard.wheel;
  }

  /** {@link System#nanoTime} of its upgrade. Any thread. */
  public long since() {
    return since;
  }

  /** {@link System#nanoTime} of the last write. */
  public long lastWrite() {
    return lastWrite;
  }

  /** For the listener: a frame of any kind has come from the client. */
  public void heard() {
    lastHeard = System.nanoTime();
  }

  /** {@link System#nanoTime} of the last frame of any kind from the client, pongs included. */
  public long lastHeard() {
    return lastHeard;
  }

  /** The code it was closed with, by either side; 1006 if the socket just ended. */
  public int closeCode() {
    return closeCode;
  }

  /**
   * Sends one message. Takes the buffer over; if it has {@link Frames#MAX_HEADER} octets of room
   * before its reader index, the WebSocket header goes there and nothing is copied.
   */
  public void send(ByteBuf payload, Frames.Payload kind) {
    int length = payload.readableBytes();
    int header = Frames.headerLength(length);
    if (payload.readerIndex() >= header) {
      int start = payload.readerIndex() - header;
      int end = payload.writerIndex();
      payload.setIndex(start, start);
      Frames.writeHeader(payload, kind, false, length);
      write(payload.writerIndex(end));
    } else {
      ByteBuf frame = shard.alloc().directBuffer(header + length);
      Frames.writeHeader(frame, kind, false, length);
      frame.writeBytes(payload);
      payload.release();
      write(frame);
    }
  }

  /**
   * Writes a finished WebSocket frame (see {@link Frames}), flushed when this turn of the loop
   * ends. Releases it.
   */
  public void write(ByteBuf frame) {
    if (!admits(frame)) {
      frame.release();
      return;
    }
    shard.metrics().bytesOut.add(frame.readableBytes());
    lastWrite = System.nanoTime();
    mayBeQueued = true;
    channel.write(frame, channel.voidPromise());
    if (!dirty) {
      dirty = true;
      shard.dirty(this);
    }
  }

  /** Runs the task when all that was written so far has gone to the kernel; never if it ends. */
  void whenWritten(Runnable task) {
    mayBeQueued = true;
    channel
        .writeAndFlush(Unpooled.EMPTY_BUFFER)
        .addListener(
            written -> {
              if (written.isSuccess()) {
                task.run();
              }
            });
  }

  /** Runs the task when the outbound queue is at most half full; now if it is. */
  void whenRoom(Runnable task) {
    if (queuedBytes() <= shard.outboundLimit() / 2) {
      task.run();
    } else {
      whenWritten(task);
    }
  }

  /** This connection's subscriptions that catch up. */
  CatchUps catchUps() {
    if (catchUps == null) {
      catchUps = new CatchUps(this);
    }
    return catchUps;
  }

  /** Writes a ping whose pong brings the number back, behind all that was written before. */
  public void ping(long number) {
    write(Frames.ping(shard.alloc(), number));
  }

  /**
   * Closes it: what was written goes first, then the Close frame. The socket ends when the peer has
   * answered, or after 8 seconds. Idempotent.
   *
   * @param reason a short sentence, cut at 123 octets
   */
  public void close(CloseCode meant, String reason) {
    if (state != State.OPEN) {
      return;
    }
    CloseCode code = meant.in(closeCodes);
    state = State.CLOSING;
    closeCode = code.code();
    shard.metrics().closed(code);
    channel.writeAndFlush(Frames.close(shard.alloc(), code.code(), reason), channel.voidPromise());
    channel.config().setAutoRead(true); // to see the peer's answer
    wheel().after(CLOSE_MILLIS, this::giveUp);
  }

  /** The client can see these close codes only. */
  public void closeCodes(CloseCode.Range range) {
    closeCodes = range;
  }

  /** For the listener: the peer's Close frame has come, with this code or 1005 for none. */
  public void peerClosed(int code) {
    if (state == State.OPEN) {
      state = State.CLOSING;
      closeCode = code;
      ByteBuf answer =
          code == NO_STATUS
              ? Frames.emptyClose(shard.alloc())
              : Frames.close(shard.alloc(), code, "");
      channel.writeAndFlush(answer).addListener(ChannelFutureListener.CLOSE);
      wheel().after(CLOSE_MILLIS, this::giveUp);
    } else {
      channel.close();
    }
  }

  /** For the listener: the socket has ended. */
  public void ended() {
    if (state != State.ENDED) {
      state = State.ENDED;
      shard.remove(this);
    }
  }

  /** Stops reading from the socket, for a reason that lasts until {@link #goOn}. Idempotent. */
  public void pause(Pause reason) {
    pauses |= reason.bit;
    if (state == State.OPEN) {
      channel.config().setAutoRead(false);
    }
  }

  /** Stops reading or goes on, as {@link #pause} and {@link #goOn} do. */
  public void reading(Pause reason, boolean on) {
    if (on) {
      goOn(reason);
    } else {
      pause(reason);
    }
  }

  /** The reason is gone: reads from the socket again, unless there is another. Idempotent. */
  public void goOn(Pause reason) {
    pauses &= ~reason.bit;
    if (state == State.OPEN && pauses == 0) {
      channel.config().setAutoRead(true);
    }
  }

  /** Whether it reads from the socket; while it does not, silence says nothing. */
  public boolean isReading() {
    return channel.config().isAutoRead();
  }

  Shard shard() {
    return shard;
  }

  boolean deflate() {
    return deflate;
  }

  /** Writes a batch that others share, and flushes. Returns false if it does not take it. */
  boolean deliver(ByteBuf shared, long now) {
    if (!admits(shared)) {
      return false;
    }
    lastWrite = now;
    int written = 0;
    if (socket != null && !mayBeQueued && shared.hasMemoryAddress()) {
      written = writeToSocket(socket, shared);
      if (written == shared.readableBytes()) {
        return true;
      }
      if (written < 0) {
        return false;
      }
    }
    mayBeQueued = true;
    int left = shared.readableBytes() - written;
    channel.write(
        shared.retainedSlice(shared.readerIndex() + written, left), channel.voidPromise());
    channel.flush();
    return true;
  }

  /**
   * Writes to an idle socket without Netty's outbound queue, which costs as much as the system call
   * itself. Returns how much the kernel took; less than 0 if the socket has failed.
   */
  private int writeToSocket(FileDescriptor fd, ByteBuf frame) {
    try {
      return fd.writeAddress(frame.memoryAddress(), frame.readerIndex(), frame.writerIndex());
    } catch (IOException failed) {
      channel.pipeline().fireExceptionCaught(failed);
      channel.close();
      return -1;
    }
  }

  void flush() {
    dirty = false;
    channel.flush();
  }

  long queuedBytes() {
    ChannelOutboundBuffer queue = channel.unsafe().outboundBuffer();
    return queue == null ? 0 : queue.totalPendingWriteBytes();
  }

  /** What moving its client costs: subscriptions to make and catch up again, octets to read. */
  long weight() {
    return subscriptions + queuedBytes() / OCTETS_LIKE_A_SUBSCRIPTION;
  }

  /** Whether the frame may be written; closes a slow consumer whose queue is full. */
  private boolean admits(ByteBuf frame) {
    if (state != State.OPEN || (socket != null && !socket.isOpen())) {
      return false;
    }
    if (!mayBeQueued) {
      return true; // a frame of any size, when nothing else waits
    }
    if (fits(frame)) {
      return true;
    }
    flush(); // what only waits for the end of this turn does not show a slow reader
    if (fits(frame)) {
      return true;
    }
    long queued = queuedBytes();
    log.atInfo()
        .addKeyValue("stomp.session", id)
        .addKeyValue("stomp.close_code", CloseCode.SLOW_CONSUMER.code())
        .log("Slow consumer: session {} let {} bytes pile up; closing it", id, queued);
    close(CloseCode.SLOW_CONSUMER, "You read too slowly: reconnect and resume.");
    return false;
  }

  private boolean fits(ByteBuf frame) {
    long queued = queuedBytes();
    mayBeQueued = queued > 0;
    return queued == 0 || queued + frame.readableBytes() <= shard.outboundLimit();
  }

  private long giveUp() {
    if (state != State.ENDED) {
      channel.close();
    }
    return 0;
  }
}
