package io.drumline.hub.outbound;

import io.netty.buffer.ByteBuf;
import java.util.IdentityHashMap;

/**
 * The buffers of one shard in the outbound queues of its connections, oldest first. It holds a
 * reference to each buffer; when that is the last one, the buffer has been sent. Used on the
 * shard's event loop.
 */
final class QueuedBuffers {
  private static final int INITIAL = 64;

  /** Sweeps after this many bytes were added. */
  private static final long SWEEP_BYTES = 1024 * 1024;

  private ByteBuf[] buffers = new ByteBuf[INITIAL];
  private long[] since = new long[INITIAL];
  private int first;
  private int size;
  private long bytes;
  private long addedSinceSweep;

  /**
   * Adds a buffer; takes ownership of a reference.
   *
   * @param now {@link System#nanoTime}
   */
  void add(ByteBuf buffer, long now) {
    if (size == buffers.length) {
      try {
        grow();
      } catch (Throwable e) { // not counted, but not lost either
        buffer.release();
        throw e;
      }
    }
    int place = (first + size) & (buffers.length - 1);
    buffers[place] = buffer;
    since[place] = now;
    size++;
    int capacity = buffer.capacity();
    bytes += capacity;
    addedSinceSweep += capacity;
    if (addedSinceSweep > SWEEP_BYTES) {
      sweep();
    }
  }

  /** Releases sent buffers at the old end: all of them if no client is slow. */
  void release() {
    while (size > 0 && buffers[first].refCnt() <= 1) {
      drop(first);
      first = (first + 1) & (buffers.length - 1);
      size--;
    }
  }

  /** Releases all buffers that were sent. */
  void sweep() {
    addedSinceSweep = 0;
    int mask = buffers.length - 1;
    int kept = 0;
    for (int i = 0; i < size; i++) {
      int place = (first + i) & mask;
      if (buffers[place].refCnt() <= 1) {
        drop(place);
      } else {
        int to = (first + kept) & mask;
        if (to != place) {
          buffers[to] = buffers[place];
          since[to] = since[place];
          buffers[place] = null;
        }
        kept++;
      }
    }
    size = kept;
    if (size == 0 && buffers.length > INITIAL) {
      first = 0;
      buffers = new ByteBuf[INITIAL];
      since = new long[INITIAL];
    }
  }

  @SuppressWarnings("NullAway") // an empty slot
  private void drop(int place) {
    ByteBuf buffer = buffers[place];
    buffers[place] = null;
    bytes -= buffer.capacity();
    buffer.release();
  }

  /** Their capacity in bytes. */
  long bytes() {
    return bytes;
  }

  /** When the oldest was queued; {@code none} if there is none. */
  long oldest(long none) {
    return size == 0 ? none : since[first];
  }

  /** When each was queued, by the underlying buffer. */
  IdentityHashMap<ByteBuf, Long> ages() {
    IdentityHashMap<ByteBuf, Long> ages = new IdentityHashMap<>(size);
    for (int i = 0; i < size; i++) {
      int place = (first + i) & (buffers.length - 1);
      ages.putIfAbsent(root(buffers[place]), since[place]);
    }
    return ages;
  }

  /** The underlying buffer of a derived one. */
  static ByteBuf root(ByteBuf buffer) {
    ByteBuf root = buffer;
    for (ByteBuf next; (next = root.unwrap()) != null; ) {
      root = next;
    }
    return root;
  }

  private void grow() {
    ByteBuf[] moreBuffers = new ByteBuf[buffers.length * 2];
    long[] moreSince = new long[buffers.length * 2];
    for (int i = 0; i < size; i++) {
      int place = (first + i) & (buffers.length - 1);
      moreBuffers[i] = buffers[place];
      moreSince[i] = since[place];
    }
    buffers = moreBuffers;
    since = moreSince;
    first = 0;
  }
}
