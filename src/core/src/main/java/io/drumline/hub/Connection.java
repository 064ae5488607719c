package io.drumline.hub;

import io.drumline.hub.outbound.OutboundQueue;
import io.drumline.message.CloseCode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.unix.FileDescriptor;
import io.netty.handler.ssl.SslHandler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's WebSocket after the upgrade, and the only writer to it. Everything is called on its
 * event loop, unless a method says otherwise.
 */
public final class Connection {
  private static final Logger log = LoggerFactory.getLogger(Connection.class);

  private final Channel channel;
  private final ShardLoop loop;
  private final ConnectionHost host;
  private final String id;
  private final Compression compression;
  private final OutboundQueue queue;

  /** For writes past the pipeline; null where bytes must go through it. */
  private final @Nullable FileDescriptor socket;

  private final Closing closing;
  private boolean dirty;

  /** A bit for each {@link Pause} that lasts. */
  private int pauses;

  /** False only if nothing waits in the channel's queue: fan-out then need not look there. */
  private boolean mayBeQueued = true;

  private final long since = System.nanoTime();
  private long lastWrite = since;
  private long lastHeard = since;

  /** Bytes of steps of catching up that wait in the outbound queue. */
  private long catchUpBytes;

  /** Where {@link Connections} holds it; -1 if it is not there. */
  int index = -1;

  Connection(
      Channel channel, ShardLoop loop, ConnectionHost host, String id, Compression compression) {
    this.channel = channel;
    this.loop = loop;
    this.host = host;
    this.id = id;
    this.compression = compression;
    // With TLS the bytes must pass through the pipeline.
    boolean tls = channel.pipeline().get(SslHandler.class) != null;
    this.queue = new OutboundQueue(channel, tls, loop.queues);
    this.socket = tls ? null : DirectWrites.socketOf(channel);
    this.closing = new Closing(channel, loop, queue, id);
  }

  /** The session id: unique in the cluster, not to be guessed. Any thread. */
  public String id() {
    return id;
  }

  /**
   * Runs on the connection's event loop, after what already waits there. If that throws, the
   * connection is closed: its client may wait for what does not come. Any thread.
   */
  public void execute(Runnable task) {
    loop.eventLoop.execute(() -> run(task));
  }

  private void run(Runnable task) {
    try {
      task.run();
    } catch (Throwable e) {
      failed(e);
      log.error("Session {} failed; closing it", id, e);
      close(CloseCode.INTERNAL_ERROR, "The server failed: reconnect.");
    }
  }

  /** Whether the caller is on the connection's event loop. Any thread. */
  public boolean inEventLoop() {
    return loop.eventLoop.inEventLoop();
  }

  /** False once it was closed by either side; nothing is written then. */
  public boolean open() {
    return closing.isOpen();
  }

  /** The loop's timers. */
  public Wheel wheel() {
    return loop.wheel;
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
    return closing.code();
  }

  /**
   * Sends one message. Takes the buffer over; if it has {@link Frames#MAX_HEADER} bytes of room
   * before its reader index, the WebSocket header goes there and nothing is copied.
   */
  public void send(ByteBuf payload, Frames.Payload kind) {
    write(Frames.withHeader(payload, kind, loop.alloc));
  }

  /**
   * Writes a finished WebSocket frame (see {@link Frames}), flushed when this turn of the loop
   * ends. Releases it.
   */
  public void write(ByteBuf frame) {
    boolean admitted = false;
    try {
      admitted = admits(frame);
    } finally {
      if (!admitted) {
        frame.release();
      }
    }
    if (!admitted) {
      return;
    }
    writeAdmitted(frame);
  }

  private void writeAdmitted(ByteBuf frame) {
    loop.metrics.bytesOut.add(frame.readableBytes());
    lastWrite = System.nanoTime();
    mayBeQueued = true;
    frame.retain(); // for who counts what waits
    channel.write(frame, channel.voidPromise());
    loop.queued(frame, lastWrite);
    if (!dirty) {
      dirty = true;
      try {
        host.flushLater(this);
      } catch (Throwable e) {
        flush(); // nobody would do it later
        failed(e);
      }
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

  /**
   * Writes a step of catching up, which {@link CatchUps} has found room for: its size says nothing
   * of how fast the client reads. Releases it.
   */
  void writeCatchUp(ByteBuf frames) {
    if (open() && frames.isReadable()) {
      writeAdmitted(frames);
    } else {
      frames.release();
    }
  }

  /** What waits in the outbound queue, without the steps of catching up. */
  long liveBytes() {
    return queue.bytes() - catchUpBytes;
  }

  /** Bytes of steps of catching up that wait: they do not show a slow consumer. */
  long catchUpBytes() {
    return catchUpBytes;
  }

  /** A step of so many bytes waits; negative when it is written. */
  void addCatchUpBytes(long change) {
    catchUpBytes += change;
  }

  /** Writes a ping whose pong brings the number back, behind all that was written before. */
  public void ping(long number) {
    write(Frames.ping(loop.alloc, number));
  }

  /**
   * Closes it: what was written goes first, then the Close frame. The socket ends when the peer has
   * answered, or after 8 seconds. Idempotent.
   *
   * @param reason a short sentence, cut at 123 bytes
   */
  public void close(CloseCode meant, String reason) {
    closing.close(meant, reason);
  }

  /**
   * Ends it without a Close frame: what was written may end in the middle of a frame, or lack one.
   */
  void abort(Throwable cause) {
    closing.abort(cause);
  }

  /** For the listener and the sessions: something has failed unexpectedly. */
  public void failed(Throwable cause) {
    loop.failures.tell(cause);
  }

  /** The client can see these close codes only. */
  public void closeCodes(CloseCode.Range range) {
    closing.codes(range);
  }

  /** For the listener: the peer's Close frame has come, with this code or 1005 for none. */
  public void peerClosed(int code) {
    closing.peerClosed(code);
  }

  /** For the listener: the socket has ended. */
  public void ended() {
    if (closing.end()) {
      host.ended(this);
    }
  }

  /** Stops reading from the socket, for a reason that lasts until {@link #goOn}. Idempotent. */
  public void pause(Pause reason) {
    pauses |= reason.bit();
    if (open()) {
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
    pauses &= ~reason.bit();
    if (open() && pauses == 0) {
      channel.config().setAutoRead(true);
    }
  }

  /** Whether it reads from the socket; while it does not, silence says nothing. */
  public boolean isReading() {
    return channel.config().isAutoRead();
  }

  ShardLoop loop() {
    return loop;
  }

  Compression compression() {
    return compression;
  }

  /**
   * Writes a batch that others share, and flushes. Returns false if it does not take it, being
   * closed; if this throws, nothing was written.
   */
  boolean deliver(ByteBuf shared, long now) {
    if (!admits(shared)) {
      return false;
    }
    lastWrite = now;
    int written = 0;
    if (socket != null && !mayBeQueued && shared.hasMemoryAddress()) {
      written = DirectWrites.write(channel, socket, shared);
      if (written == shared.readableBytes()) {
        return true;
      }
      if (written < 0) {
        return false;
      }
    }
    mayBeQueued = true;
    int left = shared.readableBytes() - written;
    ByteBuf rest;
    try {
      rest = shared.retainedSlice(shared.readerIndex() + written, left);
    } catch (Throwable e) {
      if (written == 0) {
        throw e;
      }
      abort(e);
      return false;
    }
    try {
      channel.write(rest, channel.voidPromise());
      channel.flush();
    } catch (Throwable e) {
      abort(e); // some of it may be on its way
      return false;
    }
    queue.changed();
    return true;
  }

  void flush() {
    dirty = false;
    channel.flush();
    queue.changed();
  }

  /** What waits for the client. */
  OutboundQueue queue() {
    return queue;
  }

  /** How it ends. */
  Closing closing() {
    return closing;
  }

  /** Whether the frame may be written; closes a slow consumer whose queue is full. */
  private boolean admits(ByteBuf frame) {
    if (!closing.isOpen() || (socket != null && !socket.isOpen())) {
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
    long queued = queue.bytes();
    log.atInfo()
        .addKeyValue("stomp.session", id)
        .addKeyValue("stomp.close_code", OverflowPolicy.CLOSE.code().code())
        .log("Slow consumer: session {} let {} bytes pile up; closing it", id, queued);
    close(OverflowPolicy.CLOSE.code(), OverflowPolicy.CLOSE.reason());
    return false;
  }

  private boolean fits(ByteBuf frame) {
    mayBeQueued = queue.bytes() > 0;
    long queued = liveBytes();
    return queued <= 0 || queued + frame.readableBytes() <= loop.outboundLimit;
  }
}
