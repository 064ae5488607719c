package io.drumline.hub.outbound;

import io.netty.buffer.ByteBuf;
import java.util.IdentityHashMap;

/**
 * The buffers of one shard that wait in connections' outbound queues, the oldest first. It holds a
 * reference to each, and so sees when it is the last one that does: then they are sent. Used on the
 * shard's event loop.
 */
final class QueuedBuffers {
  private static final int INITIAL = 64;

  /** So many bytes that were added let it look for those that are gone. */
  private static final long SWEEP_BYTES = 1024 * 1024;

  private ByteBuf[] buffers = new ByteBuf[INITIAL];
  private long[] since = new long[INITIAL];
  private int first;
  private int size;
  private long bytes;
  private long addedSinceSweep;

  /**
   * Takes a reference over.
   *
   * @param now {@link System#nanoTime}
   */
  void add(ByteBuf buffer, long now) {
    if (size == buffers.length) {
      try {
        grow();
      } catch (Throwable e) { // it is not counted, but not lost either
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

  /** Lets those go at the old end that were sent: all of them, where no client is slow. */
  void release() {
    while (size > 0 && buffers[first].refCnt() <= 1) {
      drop(first);
      first = (first + 1) & (buffers.length - 1);
      size--;
    }
  }

  /** Lets all go that were sent. */
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

  @SuppressWarnings("NullAway") // an empty place
  private void drop(int place) {
    ByteBuf buffer = buffers[place];
    buffers[place] = null;
    bytes -= buffer.capacity();
    buffer.release();
  }

  /** What they take, in bytes. */
  long bytes() {
    return bytes;
  }

  /** When the oldest was queued; {@code none} if there is none. */
  long oldest(long none) {
    return size == 0 ? none : since[first];
  }

  /** When each was queued, by the buffer that was allocated. */
  IdentityHashMap<ByteBuf, Long> ages() {
    IdentityHashMap<ByteBuf, Long> ages = new IdentityHashMap<>(size);
    for (int i = 0; i < size; i++) {
      int place = (first + i) & (buffers.length - 1);
      ages.putIfAbsent(root(buffers[place]), since[place]);
    }
    return ages;
  }

  /** The buffer that was allocated, of one that is derived from it. */
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
