package io.drumline.redis.state;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.drumline.backplane.MessageIds;
import io.drumline.backplane.SessionStore;
import io.drumline.message.Cursor;
import io.drumline.message.Destination;
import io.drumline.redis.command.Commands;
import io.drumline.redis.command.RedisScript;
import io.drumline.redis.format.InvalidEnvelopes;
import io.drumline.redis.format.RedisKeys;
import io.drumline.redis.status.Operation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The shared sessions of the cluster: one hash per session, opened and stored by scripts on the
 * publishing connection.
 */
public final class RedisSessions implements SessionStore {
  /** Maximum number of pending calls; further ones fail. */
  public static final int MAX_CALLS = 8 * MAX_BATCH;

  /** The maximum time for nodes to reconnect to Redis and restore their positions. */
  private static final Duration RESTORED_WITHIN = Duration.ofSeconds(10);

  private static final RedisScript OPEN = RedisScript.load("session-open.lua");
  private static final RedisScript STORE = RedisScript.load("session-store.lua");

  /** The notice published by session-open.lua. */
  private static final Pattern NOTICE = Pattern.compile("opened ([0-9]{1,18}) (.+)");

  private final RedisKeys keys;
  private final String incarnation;
  private final InvalidEnvelopes invalid;
  private final RedisCalls calls;
  private final Generations generations;
  private volatile @Nullable Listener listener;

  /** Nano time until which Redis may lack positions that nodes have not restored yet. */
  private volatile long doubtfulUntil = System.nanoTime();

  /**
   * @param incarnation of this node, whose channel receives notices of sessions opened elsewhere
   * @param invalid receives data in Redis that is not a valid session
   * @param lanes sends the calls to Redis
   * @param generations the generations seen so far; new ones are added
   */
  public RedisSessions(
      RedisKeys keys,
      String incarnation,
      InvalidEnvelopes invalid,
      CallLanes lanes,
      Generations generations) {
    this.keys = keys;
    this.incarnation = incarnation;
    this.invalid = invalid;
    this.generations = generations;
    calls = lanes.open(Operation.SESSION, "The session cannot be opened now", MAX_CALLS);
  }

  @Override
  public void listen(Listener listener) {
    this.listener = listener;
  }

  @Override
  public CompletionStage<Opening> open(String clientId, String user, Duration timeToLive) {
    return calls
        .run(
            OPEN,
            keys.session(clientId),
            Commands::array,
            args ->
                args.add(user)
                    .add(incarnation)
                    .add(timeToLive.toMillis())
                    .add(keys.node(""))
                    .add(clientId)
                    .add(generations.highest()))
        .thenApply(this::opening);
  }

  private Opening opening(List<Object> answer) {
    long generation = (Long) answer.get(0);
    if (generation == 0) {
      return new Foreign();
    }
    generations.know(generation);
    Map<Destination, String> positions = new HashMap<>();
    for (int i = 2; i + 1 < answer.size(); i += 2) {
      Destination destination;
      try {
        destination = Destination.parse(text(answer.get(i)));
      } catch (IllegalArgumentException foreign) {
        invalid.dropped("a session", "it is the position in no destination");
        continue;
      }
      positions.put(destination, position(text(answer.get(i + 1)), destination));
    }
    return new Opened(generation, known((Long) answer.get(1) == 1), positions);
  }

  private Known known(boolean resumed) {
    if (!resumed) {
      return Known.NOTHING;
    }
    return System.nanoTime() - doubtfulUntil < 0 ? Known.PERHAPS_NOT_ALL : Known.ALL;
  }

  /**
   * Redis is available again after a lost connection. It may have reverted to an earlier state, by
   * a restart or a failover. Any thread.
   */
  public void interrupted() {
    doubtfulUntil = System.nanoTime() + RESTORED_WITHIN.toNanos();
    Listener current = listener;
    if (current != null) {
      current.interrupted();
    }
  }

  /** A position that cannot be read counts as lost, so that its client receives a gap notice. */
  private String position(String text, Destination destination) {
    try {
      if (Cursor.parse(text).epoch().startsWith(MessageIds.destinationTag(destination))) {
        return text;
      }
    } catch (IllegalArgumentException foreign) {
      // like a position of another destination
    }
    invalid.dropped("a session", "it is no position in its destination");
    return MessageIds.nowhere(destination).messageId();
  }

  private static String text(Object bytes) {
    return new String((byte[]) bytes, UTF_8);
  }

  @Override
  public CompletionStage<List<Outcome>> store(List<Update> batch, Duration timeToLive) {
    List<CompletableFuture<Outcome>> outcomes = new ArrayList<>(batch.size());
    for (Update update : batch) {
      outcomes.add(store(update, timeToLive).toCompletableFuture());
    }
    return CompletableFuture.allOf(outcomes.toArray(CompletableFuture[]::new))
        .thenApply(done -> outcomes.stream().map(CompletableFuture::join).toList());
  }

  private CompletionStage<Outcome> store(Update update, Duration timeToLive) {
    return calls
        .run(
            STORE,
            keys.session(update.clientId()),
            Commands::integer,
            args -> {
              args.add(update.generation())
                  .add(update.user())
                  .add(incarnation)
                  .add(timeToLive.toMillis())
                  .add(update.number())
                  .add(update.follows())
                  .add(update.forgotten().size());
              update.forgotten().forEach(destination -> args.add(destination.value()));
              update
                  .positions()
                  .forEach((destination, position) -> args.add(destination.value()).add(position));
            })
        .handle(
            (answer, failure) -> {
              if (answer == null) {
                return Outcome.FAILED;
              }
              return switch (answer.intValue()) {
                case 0 -> Outcome.FENCED;
                case 2 -> Outcome.LOST;
                default -> Outcome.STORED;
              };
            });
  }

  /** Processes a message of the node's channel, on Lettuce's I/O thread. */
  public void noticed(byte[] bytes) {
    Matcher notice = NOTICE.matcher(new String(bytes, UTF_8));
    if (!notice.matches()) {
      invalid.dropped(keys.node(incarnation), "it is no notice");
      return;
    }
    Listener current = listener;
    if (current != null) {
      current.opened(notice.group(2), Long.parseLong(notice.group(1)));
    }
  }
}
