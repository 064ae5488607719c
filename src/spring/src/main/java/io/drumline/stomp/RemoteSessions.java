package io.drumline.stomp;

import io.drumline.backplane.ControlChannel;
import io.drumline.backplane.Notice;
import io.drumline.loop.ThrottledLog;
import io.drumline.stomp.client.Client;
import io.drumline.stomp.codec.Sentences;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Looks up the user of a session that this node does not have, by asking all nodes. Needed when
 * application code sends to a session, since the session's messages are addressed by its user name.
 * Answers are cached for {@value #REMEMBERED_SECONDS} s, or until the session ends.
 *
 * <p>Concurrency: any thread. Messages to one session keep their order: those that wait for an
 * answer are in the question's queue, and those that arrive while it is emptied are queued behind
 * them.
 */
final class RemoteSessions {
  static final String ASKED = "session-asked";
  private static final String FOUND = "session-found";
  private static final String ENDED = "session-ended";
  private static final String SESSION = "session";
  private static final String USER = "user";

  /** Time to wait for an answer, which takes about as long as a publication. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  /** A notice may get lost with a connection, so it is sent again. */
  private static final int ATTEMPTS = 2;

  private static final int REMEMBERED_SECONDS = 60;
  private static final int MOST_REMEMBERED = 10_000;

  /** Bytes of messages that may wait for answers. */
  private static final long MOST_WAITING = 16 << 20;

  /** Approximate bytes that a message takes beside its body. */
  private static final int OVERHEAD = 512;

  /** Longer than any session id. */
  private static final int LONGEST_ID = 64;

  private final ThrottledLog log = new ThrottledLog(LoggerFactory.getLogger(RemoteSessions.class));
  private final StompSessions sessions;
  private final ControlChannel control;
  private final Executor later;
  private final Map<String, Question> questions = new ConcurrentHashMap<>();
  private final AtomicLong waiting = new AtomicLong();
  private final Counter found;
  private final Counter unknown;
  private final Counter refused;

  /** The cached answers, oldest first. */
  private final Map<String, Answer> answers =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Answer> eldest) {
          return size() > MOST_REMEMBERED;
        }
      };

  /**
   * @param user null if no node has the session
   * @param until {@link System#nanoTime} at which the answer expires
   */
  private record Answer(@Nullable String user, long until) {}

  private record Waiting(int bytes, Consumer<@Nullable String> then) {}

  /** The messages that wait for the answer; guarded by itself. */
  private static final class Question {
    final ArrayDeque<Waiting> queue = new ArrayDeque<>(1);
    boolean answered;
  }

  RemoteSessions(StompSessions sessions, ControlChannel control, MeterRegistry registry) {
    this(
        sessions,
        control,
        registry,
        CompletableFuture.delayedExecutor(
            PATIENCE.toMillis(), TimeUnit.MILLISECONDS, Runnable::run));
  }

  /**
   * @param later runs tasks after the time to wait for an answer
   */
  RemoteSessions(
      StompSessions sessions, ControlChannel control, MeterRegistry registry, Executor later) {
    this.sessions = sessions;
    this.control = control;
    this.later = later;
    found = counter(registry, "found");
    unknown = counter(registry, "unknown");
    refused = counter(registry, "refused");
  }

  private static Counter counter(MeterRegistry registry, String outcome) {
    return Counter.builder("drumline.session.lookups")
        .description("Questions to other nodes whose a session is that the application sends to")
        .tag("outcome", outcome)
        .register(registry);
  }

  /** Starts to answer other nodes, and to handle their answers. */
  void start() {
    sessions.whenRemoved(this::ended);
    listen(ASKED, notice -> answer(field(notice, SESSION)));
    listen(FOUND, notice -> settle(field(notice, SESSION), field(notice, USER)));
    listen(ENDED, notice -> remember(field(notice, SESSION), null));
  }

  private void listen(String kind, Consumer<Notice> heard) {
    control.listen(
        kind,
        new ControlChannel.Listener() {
          @Override
          public void heard(Notice notice) {
            heard.accept(notice);
          }

          @Override
          public void missed() {
            if (kind.equals(ENDED)) {
              forgetAll();
            }
          }
        });
  }

  /**
   * Passes on the user name in the session's {@code /user/**} destinations, or null if no node has
   * the session: at once if it is cached, else on another thread.
   *
   * @param bytes the size of the message that waits for the answer
   * @return false if too many bytes wait already; then the callback is not called, nor is it if
   *     this throws
   */
  boolean ask(String sessionId, int bytes, Consumer<@Nullable String> then) {
    if (sessionId.length() > LONGEST_ID) {
      then.accept(null);
      return true;
    }
    int size = bytes + OVERHEAD;
    while (true) {
      Question question = questions.get(sessionId);
      if (question == null) {
        Answer known = known(sessionId);
        if (known != null) {
          then.accept(known.user);
          return true;
        }
        if (waiting.get() + size > MOST_WAITING) {
          refused.increment();
          return false;
        }
        Question fresh = new Question();
        if (questions.putIfAbsent(sessionId, fresh) == null) {
          begin(sessionId, fresh);
        }
      } else {
        synchronized (question) {
          if (!question.answered) {
            if (waiting.get() + size > MOST_WAITING) {
              refused.increment();
              return false;
            }
            question.queue.add(new Waiting(size, then));
            waiting.addAndGet(size);
            return true;
          }
        }
      }
    }
  }

  /**
   * Asks the first time. If the timeout cannot be scheduled, the question is dropped, and messages
   * queued meanwhile continue.
   */
  @SuppressWarnings("CatchThrowable")
  private void begin(String sessionId, Question question) {
    try {
      tell(sessionId, question, 1);
    } catch (Throwable e) {
      end(sessionId, question, null);
      throw e;
    }
  }

  /** Handles an attempt without an answer in time. */
  @SuppressWarnings("CatchThrowable")
  private void unanswered(String sessionId, Question question, int attempt) {
    if (questions.get(sessionId) != question) {
      return;
    }
    if (attempt == ATTEMPTS) {
      settle(sessionId, null);
      return;
    }
    try {
      tell(sessionId, question, attempt + 1);
    } catch (Throwable e) {
      settle(sessionId, null); // else it would never be settled
      log.error("asked", "Other nodes could not be asked for a session a second time", e);
    }
  }

  /**
   * Asks all nodes; if sending fails or the answer is lost, the next attempt may succeed. Throws if
   * the timeout cannot be scheduled.
   */
  @SuppressWarnings("CatchThrowable")
  private void tell(String sessionId, Question question, int attempt) {
    // First, so that the question ends even if sending fails.
    later.execute(() -> unanswered(sessionId, question, attempt));
    try {
      control.tell(new Notice(ASKED, Map.of(SESSION, sessionId)));
    } catch (Throwable e) {
      log.error("asked", "Other nodes could not be asked for a session; it is tried again", e);
    }
  }

  /** Answers a question of another node, or of this one. */
  private void answer(String sessionId) {
    Client client = sessions.find(sessionId);
    if (client != null) {
      client.onLoop(
          () -> {
            String user = client.userName();
            if (client.isConnected()
                && user.getBytes(StandardCharsets.UTF_8).length <= Notice.MAX_VALUE) {
              client.askedFor();
              control.tell(new Notice(FOUND, Map.of(SESSION, sessionId, USER, user)));
            }
          });
    }
  }

  private void settle(String sessionId, @Nullable String user) {
    Question question = questions.get(sessionId);
    if (question == null) {
      return; // another node asked
    }
    synchronized (question) {
      if (question.answered) {
        return;
      }
      try {
        learned(sessionId, user);
      } finally {
        end(sessionId, question, user);
      }
    }
  }

  private void learned(String sessionId, @Nullable String user) {
    remember(sessionId, user);
    if (user == null) {
      unknown.increment();
      log.warn(
          "unknown",
          "No node has the session {}: a message to it goes to all sessions of its user, or to"
              + " nobody if the session's id stands in place of the user",
          Sentences.shorten(sessionId));
    } else {
      found.increment();
    }
  }

  /** Ends a question: its waiting messages continue. Idempotent. */
  private void end(String sessionId, Question question, @Nullable String user) {
    synchronized (question) {
      for (Waiting next; (next = question.queue.poll()) != null; ) {
        waiting.addAndGet(-next.bytes);
        goOn(next, user);
      }
      question.answered = true;
      questions.remove(sessionId, question);
    }
  }

  /** An exception of one message must not stop the others. */
  @SuppressWarnings("CatchThrowable")
  private void goOn(Waiting next, @Nullable String user) {
    try {
      next.then.accept(user);
    } catch (Throwable e) {
      log.error("failed", "A message to a session of another node was not published", e);
    }
  }

  /** Announces that a session of this node has ended: other nodes need not ask for it or wait. */
  private void ended(Client client) {
    remember(client.id(), null);
    if (client.wasAskedFor()) {
      control.tell(new Notice(ENDED, Map.of(SESSION, client.id())));
    }
  }

  private void remember(String sessionId, @Nullable String user) {
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(REMEMBERED_SECONDS);
    synchronized (answers) {
      answers.remove(sessionId); // so that it becomes the newest
      answers.put(sessionId, new Answer(user, until));
    }
  }

  private @Nullable Answer known(String sessionId) {
    synchronized (answers) {
      Answer answer = answers.get(sessionId);
      if (answer != null && answer.until - System.nanoTime() < 0) {
        answers.remove(sessionId);
        return null;
      }
      return answer;
    }
  }

  private void forgetAll() {
    synchronized (answers) {
      answers.clear();
    }
  }

  private static String field(Notice notice, String name) {
    return notice.fields().getOrDefault(name, "");
  }
}
