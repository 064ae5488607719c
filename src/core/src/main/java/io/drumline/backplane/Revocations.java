package io.drumline.backplane;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * Who may not connect, for the whole cluster and until a time that the backplane's own clock tells.
 * What has ended is forgotten.
 *
 * <p>Thread safe. Nothing blocks; stages complete on any thread, and fail with {@link
 * BackplaneException}, whose sentence is for people, while the backplane is away. What waits for it
 * is bounded: what comes beyond fails at once.
 */
public interface Revocations {
  /** Most blocks at a time; beyond it, another one fails. */
  int MOST = 100_000;

  /** Longest time of a block. */
  Duration LONGEST = Duration.ofDays(366);

  /** What can be blocked. */
  enum Kind {
    /** A user, by name. */
    USER,
    /** A client, by its client-id, or a socket, by the session id that CONNECTED showed. */
    SESSION,
    /** A token, by its {@code jti}. */
    TOKEN;

    /** As it is in the API and in metrics. */
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** One who is blocked, or may be. */
  record Subject(Kind kind, String name) {
    @Override
    public String toString() {
      return kind.text() + ':' + name;
    }
  }

  /**
   * A block.
   *
   * @param until when it ends
   * @param reason for the client and for operators; empty without
   */
  record Revocation(Subject subject, Instant until, String reason) {}

  /**
   * Blocks for so long from now, in place of what was said of the same subject before.
   *
   * @param time more than 0, at most {@link #LONGEST}
   * @return the block, once it is stored
   */
  CompletionStage<Revocation> block(Subject subject, Duration time, String reason);

  /** Ends a block; false where there was none. */
  CompletionStage<Boolean> lift(Subject subject);

  /**
   * The first of these that is blocked now.
   *
   * @param subjects a few, as of one client
   */
  CompletionStage<Optional<Revocation>> check(List<Subject> subjects);

  /**
   * The version of all blocks, as far as this node knows them: goes with the notice of a block that
   * it has stored. Empty where there is none.
   */
  default String version() {
    return "";
  }

  /**
   * Another node tells of a block that it has stored: this one remembers it.
   *
   * @param version the other node's {@link #version}; empty if it is of an earlier build
   */
  default void blocked(Revocation block, String version) {}

  /** Another node tells of a block that it has ended. */
  default void lifted(Subject subject) {}

  /** All that are blocked now, in no order. */
  CompletionStage<Collection<Revocation>> list();

  /** Tells of blocks that came to be known without a notice; to be called once. */
  default void watch(Watcher watcher) {}

  /** Takes what came to be known without a notice; on any thread, never blocks. */
  interface Watcher {
    /** These are all blocks; this node may not have heard of some of them. */
    void found(Collection<Revocation> all);

    /** This node has stored blocks again that the backplane had lost. */
    void restored();
  }
}
