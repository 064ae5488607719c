package io.drumline.stomp.client;

import io.drumline.stomp.codec.Header;
import java.util.ArrayDeque;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The frames of one connection that are being processed, in order of arrival. Receipts are sent in
 * that order, each when its frame and all before it are done. Used on the connection's event loop.
 */
public final class Pending {
  /** Bytes in flight of one connection at which reading pauses. */
  private static final int MAX_BYTES = 4 * 1024 * 1024;

  /** A frame's place in the order. */
  public final class Slot {
    private @Nullable String receipt;
    private final int bytes;
    private boolean done;
    private List<Header> answer = List.of();

    private Slot(@Nullable String receipt, int bytes) {
      this.receipt = receipt;
      this.bytes = bytes;
    }

    public @Nullable String receipt() {
      return receipt;
    }

    /** Sets further headers of the RECEIPT. */
    public void answer(List<Header> headers) {
      answer = headers;
    }

    /** Marks the frame as processed. */
    public void done() {
      done = true;
      removeDone();
    }

    /** Marks the frame as dropped: it gets no receipt. */
    public void drop() {
      receipt = null;
      done();
    }
  }

  private final ArrayDeque<Slot> slots = new ArrayDeque<>(1);
  private final int limit;
  private final BiConsumer<String, List<Header>> receipts;
  private final Consumer<Boolean> reading;
  private int bytes;

  /** Events of frames that may be done already; they are not in the order. */
  private int events;

  private boolean paused;
  private @Nullable Runnable whenEmpty;

  /**
   * @param limit frames in flight at which reading pauses
   * @param receipts sends a RECEIPT with further headers
   * @param reading pauses and resumes reading from the client
   */
  Pending(int limit, BiConsumer<String, List<Header>> receipts, Consumer<Boolean> reading) {
    this.limit = limit;
    this.receipts = receipts;
    this.reading = reading;
  }

  public Slot open(@Nullable String receipt, int size) {
    Slot slot = new Slot(receipt, size);
    slots.add(slot);
    add(size);
    return slot;
  }

  /** Counts an event of a frame: its RECEIPT does not wait for it, but it counts as in flight. */
  public void eventBegins(int size) {
    events++;
    add(size);
  }

  public void eventEnds(int size) {
    events--;
    bytes -= size;
    resume();
  }

  private void add(int size) {
    bytes += size;
    if (!paused && (slots.size() + events >= limit || bytes >= MAX_BYTES)) {
      paused = true;
      reading.accept(false);
    }
  }

  private void resume() {
    if (paused && slots.size() + events <= limit / 2 && bytes <= MAX_BYTES / 2) {
      paused = false;
      reading.accept(true);
    }
  }

  private void removeDone() {
    for (Slot head = slots.peek(); head != null && head.done; head = slots.peek()) {
      slots.remove();
      bytes -= head.bytes;
      if (head.receipt != null) {
        receipts.accept(head.receipt, head.answer);
      }
    }
    resume();
    if (slots.isEmpty() && whenEmpty != null) {
      Runnable action = whenEmpty;
      whenEmpty = null;
      action.run();
    }
  }

  /** Runs the action once all frames so far have been processed; at once if they have. */
  public void whenEmpty(Runnable action) {
    if (slots.isEmpty()) {
      action.run();
    } else {
      whenEmpty = action;
    }
  }
}
