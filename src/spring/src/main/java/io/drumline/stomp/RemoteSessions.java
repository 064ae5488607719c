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
 * Finds out whose a session is that this node does not hold, by asking all nodes. Needed where
 * application code sends to a session: the session's messages go by its user's name. Answers are
 * remembered for {@value #REMEMBERED_SECONDS} s, and forgotten earlier when the session ends.
 *
 * <p>Concurrency: any thread. Messages to one session keep their order: those that wait for an
 * answer are in the question's queue, and those that come while it is emptied go behind them.
 */
final class RemoteSessions {
  static final String ASKED = "session-asked";
  private static final String FOUND = "session-found";
  private static final String ENDED = "session-ended";
  private static final String SESSION = "session";
  private static final String USER = "user";

  /** Longest wait for an answer; another node takes about as long as a publication. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  /** A notice may get lost with a connection, so it is asked again. */
  private static final int ATTEMPTS = 2;

  private static final int REMEMBERED_SECONDS = 60;
  private static final int MOST_REMEMBERED = 10_000;

  /** Bytes of messages that may wait for answers. */
  private static final long MOST_WAITING = 16 << 20;

  /** What a message takes beside its body, about. */
  private static final int OVERHEAD = 512;

  /** More than the id of any session has. */
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

  /** The newest answers, the oldest of them first. */
  private final Map<String, Answer> answers =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Answer> eldest) {
          return size() > MOST_REMEMBERED;
        }
      };

  /**
   * @param user null where no node has the session
   */
  private record Answer(@Nullable String user, long until) {}

  private record Waiting(int bytes, Consumer<@Nullable String> then) {}

  /** What waits for the answer; guarded by itself. */
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
   * @param later runs tasks when an answer has taken too long
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

  /** Begins to answer other nodes, and to hear their answers. */
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
   * Goes on with the name that the session's {@code /user/**} goes by, or null if no node has it:
   * now if that is known, else on another thread.
   *
   * @param bytes what waits for the answer
   * @return false if too much waits already; then nothing follows, as where this throws
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

  /** Where nobody would ever look at it again, it is not asked; what came meanwhile goes on. */
  @SuppressWarnings("CatchThrowable")
  private void begin(String sessionId, Question question) {
    try {
      tell(sessionId, question, 1);
    } catch (Throwable e) {
      end(sessionId, question, null);
      throw e;
    }
  }

  /** An attempt has had no answer in time. */
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
      settle(sessionId, null); // else nobody would look at it again
      log.error("asked", "Other nodes could not be asked for a session a second time", e);
    }
  }

  /**
   * Asks all nodes; where that fails, or the answer gets lost, the next attempt may not. Throws
   * where it cannot be looked after.
   */
  @SuppressWarnings("CatchThrowable")
  private void tell(String sessionId, Question question, int attempt) {
    // First: whatever becomes of the question, what waits for it must end.
    later.execute(() -> unanswered(sessionId, question, attempt));
    try {
      control.tell(new Notice(ASKED, Map.of(SESSION, sessionId)));
    } catch (Throwable e) {
      log.error("asked", "Other nodes could not be asked for a session; it is tried again", e);
    }
  }

  /** Another node asks, or this one. */
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
      return; // another node has asked
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

  /** What waits goes on. Idempotent. */
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

  /** What one throws must not keep those behind it. */
  @SuppressWarnings("CatchThrowable")
  private void goOn(Waiting next, @Nullable String user) {
    try {
      next.then.accept(user);
    } catch (Throwable e) {
      log.error("failed", "A message to a session of another node was not published", e);
    }
  }

  /** A session of this node has ended: others need not ask for it, or wait for it. */
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
