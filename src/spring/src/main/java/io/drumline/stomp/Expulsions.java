package io.drumline.stomp;

import io.drumline.backplane.ControlChannel;
import io.drumline.backplane.Notice;
import io.drumline.backplane.Revocations;
import io.drumline.backplane.Revocations.Kind;
import io.drumline.backplane.Revocations.Revocation;
import io.drumline.backplane.Revocations.Subject;
import io.drumline.loop.NodeTimer;
import io.drumline.loop.TaskGuard;
import io.drumline.stomp.access.Refusals;
import io.drumline.stomp.client.Client;
import io.drumline.stomp.codec.StompException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes the connections of blocked or kicked clients on all nodes. A block is stored first, then
 * announced; a node that may have missed a notice reads the stored blocks.
 *
 * <p>Thread-safe. Stages complete on any thread and fail with {@link
 * io.drumline.backplane.BackplaneException}, whose message is a sentence for people.
 */
public final class Expulsions implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Expulsions.class);
  private static final String BLOCKED = "blocked";
  private static final String KICKED = "kicked";
  private static final String CLOSED = "closed";
  private static final String LIFTED = "lifted";

  /**
   * A node has stored blocks again that Redis had lost: meanwhile, other nodes may have admitted
   * blocked clients.
   */
  private static final String RESTORED = "restored";

  private static final Duration AGAIN = Duration.ofSeconds(1);

  private final Revocations revocations;
  private final ControlChannel control;
  private final StompSessions sessions;
  private final MeterRegistry registry;
  private final KickAnswers answers;
  private final NodeTimer timer;
  private final TaskGuard guard;

  /** Number of requests to read the stored blocks since the last completed read. */
  private final AtomicInteger asked = new AtomicInteger();

  /** Whether the last read failed: a failure is logged once. */
  private volatile boolean failing;

  private volatile boolean closed;

  /**
   * @param nodes the number of live nodes
   */
  Expulsions(
      Revocations revocations,
      ControlChannel control,
      StompSessions sessions,
      IntSupplier nodes,
      MeterRegistry registry,
      NodeTimer timer,
      TaskGuard guard) {
    this.timer = timer;
    this.guard = guard;
    this.revocations = revocations;
    this.control = control;
    this.sessions = sessions;
    this.registry = registry;
    this.answers = new KickAnswers(nodes);
    for (Kind kind : Kind.values()) {
      counter(kind); // exports all of them from the start
    }
  }

  /** Starts to handle notices, including those that this node sends. */
  void start() {
    control.listen(
        BLOCKED,
        new ControlChannel.Listener() {
          @Override
          public void heard(Notice notice) {
            Revocation block =
                new Revocation(
                    subject(notice),
                    Instant.ofEpochMilli(Long.parseLong(field(notice, "until"))),
                    field(notice, "reason"));
            revocations.blocked(block, field(notice, "version")); // older versions send none
            expel(block);
          }

          @Override
          public void missed() {
            lookAtAll();
          }
        });
    control.listen(
        KICKED,
        new ControlChannel.Listener() {
          @Override
          public void heard(Notice notice) {
            int closed = expel(subject(notice), Refusals.kicked(field(notice, "reason")));
            answer(field(notice, "id"), closed);
          }

          @Override
          public void missed() {
            // a kick applies only to clients connected now
          }
        });
    control.listen(
        CLOSED,
        new ControlChannel.Listener() {
          @Override
          public void heard(Notice notice) {
            answers.answered(field(notice, "id"), Integer.parseInt(field(notice, "sockets")));
          }

          @Override
          public void missed() {
            // that node then counts as silent
          }
        });
    control.listen(
        LIFTED,
        new ControlChannel.Listener() {
          @Override
          public void heard(Notice notice) {
            revocations.lifted(subject(notice));
          }

          @Override
          public void missed() {
            // the stored blocks show it
          }
        });
    control.listen(
        RESTORED,
        new ControlChannel.Listener() {
          @Override
          public void heard(Notice notice) {
            lookAtAll();
          }

          @Override
          public void missed() {
            // a node that missed it also missed BLOCKED, and reads the blocks for that
          }
        });
    revocations.watch(
        new Revocations.Watcher() {
          @Override
          public void found(Collection<Revocation> all) {
            all.forEach(block -> guard.run(() -> expel(block)));
          }

          @Override
          public void restored() {
            tell(Notice.of(RESTORED), "Nodes could not be told of restored blocks");
          }
        });
  }

  /** Announces what other nodes find out by themselves later; so a failure is only logged. */
  private void tell(Notice notice, String failed) {
    control
        .tell(notice)
        .exceptionally(
            failure -> {
              log.debug("{}: {}", failed, failure.getMessage());
              return null;
            });
  }

  /**
   * Reports the number of connections closed here to the node that kicks. Older nodes do not send
   * an id.
   */
  private void answer(String id, int closed) {
    if (!id.isEmpty()) {
      tell(
          new Notice(CLOSED, Map.of("id", id, "sockets", Integer.toString(closed))),
          "A kick could not be answered");
    }
  }

  /**
   * Blocks a subject for the given time: its connections are closed on all nodes, and new ones
   * rejected.
   *
   * @return the block, once it is stored and announced
   * @see Revocations#block
   */
  public CompletionStage<Revocation> block(Subject subject, Duration time, String reason) {
    return revocations
        .block(subject, time, reason)
        .thenCompose(
            block -> {
              counter(subject.kind()).increment();
              String until = Long.toString(block.until().toEpochMilli());
              return tell(
                      BLOCKED,
                      subject,
                      Map.of("reason", reason, "until", until, "version", revocations.version()))
                  .thenApply(told -> block);
            });
  }

  /**
   * Lifts a block; completes with false if there was none. The other nodes are notified, so that
   * none of them restores the block.
   */
  public CompletionStage<Boolean> lift(Subject subject) {
    return revocations
        .lift(subject)
        .thenCompose(lifted -> tell(LIFTED, subject, Map.of()).handle((told, failure) -> lifted));
  }

  /**
   * Closes connections on all nodes once; their clients may reconnect. Completes once all nodes
   * have reported the number they closed, or a second after the kick was announced.
   */
  public CompletionStage<KickResult> kick(Subject subject, String reason) {
    String id = answers.expect();
    return tell(KICKED, subject, Map.of("reason", reason, "id", id))
        .whenComplete(
            (told, failure) -> {
              if (failure != null) {
                answers.forget(id);
              }
            })
        .thenCompose(told -> answers.whole(id));
  }

  private CompletionStage<Void> tell(String kind, Subject subject, Map<String, String> more) {
    Map<String, String> fields = new HashMap<>(more);
    fields.put("kind", subject.kind().text());
    fields.put("name", subject.name());
    return control.tell(new Notice(kind, fields));
  }

  private static Subject subject(Notice notice) {
    Kind kind = Kind.valueOf(field(notice, "kind").toUpperCase(Locale.ROOT));
    return new Subject(kind, field(notice, "name"));
  }

  private static String field(Notice notice, String name) {
    return notice.fields().getOrDefault(name, "");
  }

  /** Reads the stored blocks until that succeeds, once for all concurrent requests. */
  private void lookAtAll() {
    if (asked.getAndIncrement() == 0) {
      look();
    }
  }

  private void look() {
    int before = asked.get();
    guard
        .stage(revocations::list)
        .whenComplete((blocks, failure) -> timer.now(guard, () -> listed(before, blocks, failure)));
  }

  private void listed(
      int before, @Nullable Collection<Revocation> blocks, @Nullable Throwable failure) {
    if (closed) {
      return;
    }
    if (blocks == null) {
      if (!failing) {
        failing = true;
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        log.info(
            "The blocks of users, sessions and tokens could not be read again: {} Blocked clients"
                + " that are connected stay so until that succeeds; it is tried every {} ms",
            cause == null ? "there was no answer." : cause.getMessage(),
            AGAIN.toMillis());
      }
      timer.after(AGAIN, guard, this::look);
      return;
    }
    failing = false;
    blocks.forEach(block -> guard.run(() -> expel(block)));
    if (!asked.compareAndSet(before, 0)) {
      look();
    }
  }

  @Override
  public void close() {
    closed = true;
  }

  private void expel(Revocation block) {
    expel(block.subject(), Refusals.blocked(block));
  }

  /** Returns how many connections of this node are being closed. */
  private int expel(Subject subject, StompException why) {
    List<Client> found = sessions.find(subject);
    for (Client client : found) {
      client.onLoop(() -> client.expel(why));
    }
    return found.size();
  }

  private Counter counter(Kind kind) {
    return Counter.builder("drumline.revocations")
        .description("Blocks that were asked of this node and stored, by what was blocked")
        .tag("kind", kind.text())
        .register(registry);
  }
}
