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
 * One client's WebSocket connection after the upgrade, and its only writer. Methods are called on
 * the connection's event loop unless they say otherwise.
 */
public final class Connection {
  private static final Logger log = LoggerFactory.getLogger(Connection.class);

  private final Channel channel;
  private final ShardLoop loop;
  private final ConnectionHost host;
  private final String id;
  private final Compression compression;
  private final OutboundQueue queue;

  /** For writes that bypass the pipeline; null if bytes must go through it. */
  private final @Nullable FileDescriptor socket;

  private final Closing closing;
  private boolean dirty;

  /** One bit for each active {@link Pause}. */
  private int pauses;

  /** False only if the channel's queue is empty, so that fan-out need not check it. */
  private boolean mayBeQueued = true;

  private final long since = System.nanoTime();
  private long lastWrite = since;
  private long lastHeard = since;

  /** Bytes of catch-up steps in the outbound queue. */
  private long catchUpBytes;

  /** Index in {@link Connections}; -1 if not listed. */
  int index = -1;

  Connection(
      Channel channel, ShardLoop loop, ConnectionHost host, String id, Compression compression) {
    this.channel = channel;
    this.loop = loop;
    this.host = host;
    this.id = id;
    this.compression = compression;
    // With TLS, bytes must go through the pipeline.
    boolean tls = channel.pipeline().get(SslHandler.class) != null;
    this.queue = new OutboundQueue(channel, tls, loop.queues);
    this.socket = tls ? null : DirectWrites.socketOf(channel);
    this.closing = new Closing(channel, loop, queue, id);
  }

  /** The session id: unique in the cluster and hard to guess. Any thread. */
  public String id() {
    return id;
  }

  /**
   * Runs a task on the connection's event loop, after the tasks already queued there. If the task
   * throws, the connection is closed, since its client may wait for a missing answer. Any thread.
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

  /** False once either side has closed the connection; nothing is written then. */
  public boolean open() {
    return closing.isOpen();
  }

  /** The loop's timers. */
  public Wheel wheel() {
    return loop.wheel;
  }

  /** {@link System#nanoTime} of the upgrade. Any thread. */
  public long since() {
    return since;
  }

  /** {@link System#nanoTime} of the last write. */
  public long lastWrite() {
    return lastWrite;
  }

  /** Called by the listener for each frame from the client, of any kind. */
  public void heard() {
    lastHeard = System.nanoTime();
  }

  /** {@link System#nanoTime} of the last frame from the client, including pongs. */
  public long lastHeard() {
    return lastHeard;
  }

  /** The close code used by either side; 1006 if the connection ended without one. */
  public int closeCode() {
    return closing.code();
  }

  /**
   * Sends one message and takes ownership of the buffer. If the buffer has {@link
   * Frames#MAX_HEADER} bytes free before its reader index, the WebSocket header is written there
   * and nothing is copied.
   */
  public void send(ByteBuf payload, Frames.Payload kind) {
    write(Frames.withHeader(payload, kind, loop.alloc));
  }

  /**
   * Writes a complete WebSocket frame (see {@link Frames}) and releases it. It is flushed at the
   * end of this turn of the event loop.
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
    frame.retain(); // for the accounting of queued buffers
    channel.write(frame, channel.voidPromise());
    loop.queued(frame, lastWrite);
    if (!dirty) {
      dirty = true;
      try {
        host.flushLater(this);
      } catch (Throwable e) {
        flush(); // nothing would flush it later
        failed(e);
      }
    }
  }

  /** Runs the task once everything written so far has reached the kernel; never if that fails. */
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
   * Writes a catch-up step and releases it. {@link CatchUps} has reserved room for it, so it does
   * not count against the slow-consumer limit.
   */
  void writeCatchUp(ByteBuf frames) {
    if (open() && frames.isReadable()) {
      writeAdmitted(frames);
    } else {
      frames.release();
    }
  }

  /** Bytes in the outbound queue without catch-up steps. */
  long liveBytes() {
    return queue.bytes() - catchUpBytes;
  }

  /** Bytes of queued catch-up steps, which do not make a slow consumer. */
  long catchUpBytes() {
    return catchUpBytes;
  }

  /** Adds the bytes of a queued step; negative once it is written. */
  void addCatchUpBytes(long change) {
    catchUpBytes += change;
  }

  /** Writes a ping, after all earlier frames; its pong returns the number. */
  public void ping(long number) {
    write(Frames.ping(loop.alloc, number));
  }

  /**
   * Closes the connection: pending messages are sent first, then the Close frame. The channel is
   * closed when the peer has answered or after 8 seconds. Idempotent.
   *
   * @param reason a short sentence, truncated to 123 bytes
   */
  public void close(CloseCode meant, String reason) {
    closing.close(meant, reason);
  }

  /**
   * Closes the channel without a Close frame, because the data written so far may be incomplete.
   */
  void abort(Throwable cause) {
    closing.abort(cause);
  }

  /** Called by the listener and the sessions for an unexpected failure. */
  public void failed(Throwable cause) {
    loop.failures.tell(cause);
  }

  /** Restricts the close codes to those that the client can see. */
  public void closeCodes(CloseCode.Range range) {
    closing.codes(range);
  }

  /**
   * Called by the listener: the peer's Close frame has arrived, with this code or 1005 if it had
   * none.
   */
  public void peerClosed(int code) {
    closing.peerClosed(code);
  }

  /** Called by the listener: the channel is closed. */
  public void ended() {
    if (closing.end()) {
      host.ended(this);
    }
  }

  /** Stops reading from the channel for this reason, until {@link #goOn}. Idempotent. */
  public void pause(Pause reason) {
    pauses |= reason.bit();
    if (open()) {
      channel.config().setAutoRead(false);
    }
  }

  /** Calls {@link #goOn} if on, else {@link #pause}. */
  public void reading(Pause reason, boolean on) {
    if (on) {
      goOn(reason);
    } else {
      pause(reason);
    }
  }

  /** Clears the reason; reads again unless another reason remains. Idempotent. */
  public void goOn(Pause reason) {
    pauses &= ~reason.bit();
    if (open() && pauses == 0) {
      channel.config().setAutoRead(true);
    }
  }

  /** Whether it reads from the channel; if not, a silent client is not a dead one. */
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
   * Writes a shared batch and flushes. Returns false if the connection is closed; if it throws,
   * nothing was written.
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
      abort(e); // part of it may have been sent
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

  /** The outbound queue. */
  OutboundQueue queue() {
    return queue;
  }

  /** The closing handshake. */
  Closing closing() {
    return closing;
  }

  /** Whether the frame may be written; closes a slow consumer with a full queue. */
  private boolean admits(ByteBuf frame) {
    if (!closing.isOpen() || (socket != null && !socket.isOpen())) {
      return false;
    }
    if (!mayBeQueued) {
      return true; // with an empty queue a frame of any size is accepted
    }
    if (fits(frame)) {
      return true;
    }
    flush(); // unflushed bytes do not make a slow consumer
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
