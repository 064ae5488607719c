package io.drumline.hub;

import io.drumline.message.Gap;
import io.drumline.message.Publication;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The subscribers of one destination on one shard whose frames are the same octets. Publications
 * are encoded once into a batch; the batch is written to every member, as one shared buffer, when
 * the turn of the event loop ends.
 */
final class Group {
  /**
   * A batch is written early at this size, so that sockets start to drain and queues stay short.
   */
  private static final int BATCH_BYTES = 64 * 1024;

  private static final int INITIAL_BYTES = 512;

  /** What makes two subscribers' frames the same octets. */
  record Key(FrameFormat format, boolean deflate, boolean continuity) {}

  private final ShardTopic topic;
  private final Shard shard;
  private final Key key;
  private final List<Subscription> members = new ArrayList<>(1);
  private int observers;
  private @Nullable ByteBuf batch;
  private int batched;

  Group(ShardTopic topic, Key key) {
    this.topic = topic;
    this.shard = topic.shard;
    this.key = key;
  }

  Key key() {
    return key;
  }

  boolean isEmpty() {
    return members.isEmpty();
  }

  /**
   * Adds a member; what is already in the batch was published before it came, and goes to the
   * others only.
   */
  void add(Subscription member) {
    flush();
    member.index = members.size();
    members.add(member);
    member.entered(this);
    if (member.observer != null) {
      observers++;
    }
  }

  void remove(Subscription member) {
    flush();
    Subscription last = members.remove(members.size() - 1);
    if (last != member) {
      members.set(member.index, last);
      last.index = member.index;
    }
    member.index = -1;
    if (member.observer != null) {
      observers--;
    }
    topic.left(this);
  }

  /** Encodes a publication for all members, to be written at the end of this turn. */
  void append(Publication publication, Frames.Payload kind) {
    if (observers > 0) {
      observe(publication);
    }
    ByteBuf out = batch();
    shard.encoder().encode(key, publication, kind, out);
    batched++;
    if (out.readableBytes() >= BATCH_BYTES) {
      flush();
    }
  }

  /** Encodes the notice of a gap for all members, behind what was appended before. */
  void append(Gap gap) {
    shard.encoder().encode(key, gap, topic.destination, batch());
  }

  private ByteBuf batch() {
    ByteBuf out = batch;
    if (out == null) {
      out = shard.alloc().directBuffer(INITIAL_BYTES);
      batch = out;
      shard.dirty(this);
    }
    return out;
  }

  /** Writes a publication to the one session that shall see it, if it is here. */
  void appendFor(String session, Publication publication, Frames.Payload kind) {
    for (int i = 0; i < members.size(); i++) {
      Subscription member = members.get(i);
      if (member.connection.id().equals(session)) {
        flush(); // what came before goes first
        if (member.observer != null) {
          member.observer.accept(publication);
        }
        ByteBuf frame = shard.alloc().directBuffer(INITIAL_BYTES);
        shard.encoder().encode(key, publication, kind, frame);
        member.connection.write(frame);
        shard.metrics().deliveries.increment();
      }
    }
  }

  /** Writes the batch to every member and flushes their sockets. */
  void flush() {
    ByteBuf out = batch;
    if (out == null) {
      return;
    }
    int frames = batched;
    batch = null;
    batched = 0;
    long now = System.nanoTime();
    shard.fenceAfterPause(now);
    int reached = 0;
    for (int i = 0; i < members.size(); i++) {
      if (members.get(i).connection.deliver(out, now)) {
        reached++;
      }
    }
    shard.metrics().deliveries.add((long) reached * frames);
    shard.metrics().bytesOut.add((long) reached * out.readableBytes());
    out.release();
  }

  private void observe(Publication publication) {
    for (int i = 0; i < members.size(); i++) {
      Subscription member = members.get(i);
      if (member.observer != null && member.connection.open()) {
        member.observer.accept(publication);
      }
    }
  }
}
