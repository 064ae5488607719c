package io.drumline.hub;

import io.drumline.message.Cursor;
import io.drumline.message.Gap;
import io.drumline.message.Publication;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The subscribers of one destination on one shard that receive identical bytes. Publications are
 * encoded once into a batch, which is written to every member as one shared buffer at the end of
 * the event loop's turn.
 *
 * <p>A failure affects only the members where it happened: they fall behind, leave the group and
 * catch up from their last message. Nothing is thrown.
 */
final class Group {
  /** A batch is written early at this size, so that sending starts sooner and queues stay short. */
  private static final int BATCH_BYTES = 64 * 1024;

  private static final int INITIAL_BYTES = 512;

  private final ShardTopic topic;
  private final ShardLoop loop;
  private final GroupKey key;
  private final List<Subscription> members = new ArrayList<>(1);
  private int observers;
  private @Nullable ByteBuf batch;
  private int batched;

  /** The publications of the batch if a member has an observer; else null. */
  private @Nullable List<Publication> observed;

  /** The first entry of the batch; null if the batch is empty or begins with a gap. */
  private @Nullable Publication first;

  /** The position before the batch if it begins with a gap. */
  private @Nullable Cursor before;

  /** The last publication or gap appended. */
  private @Nullable Object given;

  Group(ShardTopic topic, GroupKey key) {
    this.topic = topic;
    this.loop = topic.loop;
    this.key = key;
  }

  GroupKey key() {
    return key;
  }

  boolean isEmpty() {
    return members.isEmpty();
  }

  /**
   * Adds a member. The current batch was published before it subscribed, so it is flushed to the
   * others first.
   */
  void add(Subscription member) {
    flush();
    members.add(member);
    member.index = members.size() - 1;
    member.entered(this);
    if (member.observer != null) {
      observers++;
    }
  }

  /** Whether this publication or gap was appended last. */
  @SuppressWarnings("ReferenceEquality") // identity
  boolean wasGiven(Object publicationOrGap) {
    return given == publicationOrGap;
  }

  void remove(Subscription member) {
    flush();
    if (member.index >= 0) { // otherwise it fell behind during the flush
      take(member);
      topic.left(this);
    }
  }

  private void take(Subscription member) {
    Subscription last = members.remove(members.size() - 1);
    if (last != member) {
      members.set(member.index, last);
      last.index = member.index;
    }
    member.index = -1;
    if (member.observer != null) {
      observers--;
    }
  }

  /** Encodes a publication for all members, to be written at the end of this turn. */
  void append(Publication publication, Frames.Payload kind) {
    if (members.isEmpty()) {
      return; // all have fallen behind
    }
    int start = batch == null ? 0 : batch.writerIndex();
    try {
      loop.encoder.encode(key, publication, kind, batch());
      if (observers > 0) {
        observed().add(publication);
      }
    } catch (Throwable e) {
      undo(start);
      allFallBehind(publication, null, e);
      return;
    }
    given = publication;
    if (first == null && before == null) {
      first = publication;
    }
    batched++;
    if (batch != null && batch.readableBytes() >= BATCH_BYTES) {
      flush();
    }
  }

  /**
   * Encodes a gap notice for all members, after everything appended before.
   *
   * @param previous the position before the gap; null if there is none
   */
  void append(Gap gap, @Nullable Cursor previous) {
    if (members.isEmpty()) {
      return;
    }
    int start = batch == null ? 0 : batch.writerIndex();
    try {
      loop.encoder.encode(key, gap, topic.destination, batch());
    } catch (Throwable e) {
      undo(start);
      allFallBehind(null, previous, e);
      return;
    }
    given = gap;
    if (first == null && before == null) {
      before = previous;
    }
  }

  private List<Publication> observed() {
    List<Publication> publications = observed;
    if (publications == null) {
      publications = new ArrayList<>();
      observed = publications;
    }
    return publications;
  }

  private ByteBuf batch() {
    ByteBuf out = batch;
    if (out == null) {
      out = loop.alloc.directBuffer(INITIAL_BYTES);
      try {
        topic.flushes.dirty(this);
      } catch (Throwable e) {
        out.release();
        throw e;
      }
      batch = out;
    }
    return out;
  }

  /** Removes a partly encoded frame. */
  private void undo(int start) {
    if (batch != null) {
      batch.writerIndex(start);
    }
  }

  /** Writes a publication to the one session that must receive it, if it is here. */
  void appendFor(String session, Publication publication, Frames.Payload kind) {
    given = publication;
    for (int i = members.size() - 1; i >= 0; i--) {
      Subscription member = members.get(i);
      if (member.connection.id().equals(session)) {
        flush(); // earlier messages go first
        if (member.index >= 0) {
          writeTo(member, publication, kind);
        }
      }
    }
  }

  private void writeTo(Subscription member, Publication publication, Frames.Payload kind) {
    try {
      ByteBuf frame = loop.alloc.directBuffer(INITIAL_BYTES);
      try {
        loop.encoder.encode(key, publication, kind, frame);
      } catch (Throwable e) {
        frame.release();
        throw e;
      }
      member.connection.write(frame);
    } catch (Throwable e) {
      fallBehind(member, publication, null, e);
      return;
    }
    if (member.observer != null && member.connection.open()) {
      member.given(List.of(publication));
    }
    loop.metrics.deliveries.increment();
  }

  /** Writes the batch to every member and flushes their channels. */
  void flush() {
    ByteBuf out = batch;
    if (out == null) {
      return;
    }
    int frames = batched;
    Publication begin = first;
    Cursor previous = before;
    List<Publication> publications = observed;
    batch = null;
    batched = 0;
    observed = null;
    first = null;
    before = null;
    try {
      if (out.isReadable()) {
        write(out, frames, begin, previous, publications);
      }
    } finally {
      out.release();
    }
  }

  private void write(
      ByteBuf out,
      int frames,
      @Nullable Publication begin,
      @Nullable Cursor previous,
      @Nullable List<Publication> publications) {
    long now = System.nanoTime();
    try {
      topic.fence.check(now);
    } catch (Throwable e) { // no member receives the batch
      for (int i = members.size() - 1; i >= 0; i--) {
        fallBehind(members.get(i), begin, previous, e);
      }
      return;
    }
    int reached = 0;
    // Backwards: the last member, already served, takes the place of one that falls behind.
    for (int i = members.size() - 1; i >= 0; i--) {
      Subscription member = members.get(i);
      try {
        if (member.connection.deliver(out, now)) {
          reached++;
          if (publications != null) {
            member.given(publications);
          }
        }
      } catch (Throwable e) {
        fallBehind(member, begin, previous, e);
      }
    }
    if (out.refCnt() > 1) {
      loop.queued(out.retain(), now); // some members could not take all of it at once
    }
    loop.metrics.deliveries.add((long) reached * frames);
    loop.metrics.bytesOut.add((long) reached * out.readableBytes());
  }

  /**
   * Writes the batch to the members and makes them catch up from there.
   *
   * @param next the first publication not delivered, or null
   * @param last the position reached, if {@code next} is null
   */
  void allFallBehind(@Nullable Publication next, @Nullable Cursor last, Throwable e) {
    flush();
    for (int i = members.size() - 1; i >= 0; i--) {
      fallBehind(members.get(i), next, last, e);
    }
  }

  private void fallBehind(
      Subscription member, @Nullable Publication next, @Nullable Cursor last, Throwable e) {
    if (topic.destination.ordered()) {
      take(member);
      topic.fellBehind(member, next, last);
      loop.repairs.later(e);
    } else {
      loop.repairs.lost(e); // without history it is lost
    }
  }
}
