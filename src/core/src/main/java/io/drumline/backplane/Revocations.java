package io.drumline.backplane;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * Blocked users, sessions and tokens, for the whole cluster. Blocks expire by the backplane's own
 * clock; expired ones are forgotten.
 *
 * <p>Thread safe. Nothing blocks. Stages complete on any thread; while the backplane is unavailable
 * they fail with {@link BackplaneException}, whose message is for people. Pending calls are
 * bounded: further ones fail at once.
 */
public interface Revocations {
  /** Maximum number of blocks at a time; beyond it, new blocks fail. */
  int MOST = 100_000;

  /** Maximum duration of a block. */
  Duration LONGEST = Duration.ofDays(366);

  /** What can be blocked. */
  enum Kind {
    /** A user, by name. */
    USER,
    /** A client, by its client-id, or a connection, by the session id that CONNECTED showed. */
    SESSION,
    /** A token, by its {@code jti}. */
    TOKEN;

    /** The name used in the API and in metrics. */
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** A subject that is or can be blocked. */
  record Subject(Kind kind, String name) {
    @Override
    public String toString() {
      return kind.text() + ':' + name;
    }
  }

  /**
   * A block.
   *
   * @param until when it expires
   * @param reason for the client and for operators; may be empty
   */
  record Revocation(Subject subject, Instant until, String reason) {}

  /**
   * Blocks a subject from now on, replacing an earlier block of the same subject.
   *
   * @param time more than 0, at most {@link #LONGEST}
   * @return the block, once it is stored
   */
  CompletionStage<Revocation> block(Subject subject, Duration time, String reason);

  /** Removes a block; false if there was none. */
  CompletionStage<Boolean> lift(Subject subject);

  /**
   * The first of these subjects that is blocked now.
   *
   * @param subjects a few, such as those of one client
   */
  CompletionStage<Optional<Revocation>> check(List<Subject> subjects);

  /**
   * The version of the set of blocks as this node knows it; sent with the notice of a block that it
   * has stored. Empty if there is none.
   */
  default String version() {
    return "";
  }

  /**
   * Another node has sent notice of a block that it stored: this node remembers it.
   *
   * @param version the other node's {@link #version}; empty if it runs an earlier build
   */
  default void blocked(Revocation block, String version) {}

  /** Another node has sent notice of a block that it removed. */
  default void lifted(Subject subject) {}

  /** All current blocks, in no order. */
  CompletionStage<Collection<Revocation>> list();

  /** Sets the watcher for blocks that became known without a notice; called once. */
  default void watch(Watcher watcher) {}

  /** Receives blocks that became known without a notice. Called on any thread; must not block. */
  interface Watcher {
    /** All current blocks; this node may not know some of them yet. */
    void found(Collection<Revocation> all);

    /** This node has restored blocks that the backplane had lost. */
    void restored();
  }
}
