package io.drumline.hub;

import io.drumline.message.Cursor;
import io.drumline.message.Gap;
import io.drumline.message.Publication;
import io.netty.buffer.ByteBuf;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One connection's membership in a destination. Used on the connection's event loop only. */
public final class Subscription {
  final Connection connection;
  final ShardTopic topic;
  final Group.Key key;

  /** Called for each publication just before it is written, or null. */
  final @Nullable Consumer<Publication> observer;

  /** Where the group holds this member; -1 while it is in none. */
  int index = -1;

  private final CompletableFuture<Joined> live = new CompletableFuture<>();
  private @Nullable Group group;
  private Start start;

  /** The last thing it was given while it caught up. */
  private @Nullable Cursor cursor;

  private @Nullable Gap missed;
  private boolean started;
  private boolean cancelled;

  Subscription(
      Connection connection,
      ShardTopic topic,
      Group.Key key,
      Start start,
      @Nullable Consumer<Publication> observer) {
    this.connection = connection;
    this.topic = topic;
    this.key = key;
    this.start = start;
    this.observer = observer;
    connection.subscriptions++;
  }

  /**
   * Completes, on the connection's event loop, when everything published from now on will be
   * delivered, or when it is cancelled before that.
   */
  public CompletionStage<Joined> live() {
    return live;
  }

  /** Ends it: nothing more is delivered once this returns. Idempotent. */
  public void cancel() {
    if (cancelled) {
      return;
    }
    cancelled = true;
    connection.subscriptions--;
    if (group != null) {
      group.remove(this);
    } else {
      topic.gaveUp();
      connection.catchUps().done(this);
    }
    live.complete(Joined.LIVE);
  }

  /**
   * The point behind all that was written to this subscription's client so far, or waits to be
   * written in this turn of the event loop; null while that is nothing.
   */
  public @Nullable Cursor position() {
    return group == null ? cursor : topic.last();
  }

  /** It is in this group now. */
  void entered(Group joined) {
    group = joined;
  }

  void joined(Joined how) {
    live.complete(how);
  }

  /** Asks for what comes next. */
  void ask() {
    topic.shard.resume(this, start, started);
  }

  /** The next part of what it missed; the last one makes it a member. */
  void take(CatchUp catchUp) {
    if (cancelled || !connection.open()) {
      return;
    }
    started = true;
    cursor = catchUp.cursor();
    missed = missed == null ? catchUp.gap() : missed;
    write(catchUp.gap(), catchUp.publications());
    if (!connection.open()) {
      return; // it reads too slowly
    }
    if (catchUp.joined()) {
      topic.caughtUp(this, catchUp.cursor());
      joined(new Joined(catchUp.cursor(), missed));
      connection.catchUps().done(this);
    } else {
      start = new Start(start.continuity(), catchUp.cursor(), 0);
      connection.whenWritten(this::askAgain);
    }
  }

  private void askAgain() {
    if (!cancelled && connection.open()) {
      ask();
    }
  }

  private void write(@Nullable Gap gap, List<Publication> publications) {
    Shard shard = topic.shard;
    ByteBuf frames = shard.alloc().directBuffer();
    int count = 0;
    if (gap != null && key.continuity()) {
      shard.encoder().encode(key, gap, topic.destination, frames);
    }
    for (Publication publication : publications) {
      if (publication.session() == null || publication.session().equals(connection.id())) {
        if (observer != null) {
          observer.accept(publication);
        }
        shard.encoder().encode(key, publication, Frames.kindOf(publication), frames);
        count++;
      }
    }
    if (frames.isReadable()) {
      connection.write(frames);
      shard.metrics().deliveries.add(count);
    } else {
      frames.release();
    }
  }
}
