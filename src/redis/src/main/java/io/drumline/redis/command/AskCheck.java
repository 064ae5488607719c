package io.drumline.redis.command;

import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.protocol.AsyncCommand;
import io.lettuce.core.protocol.CommandType;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Verifies that a Redis that answered ASK to a command with several keys has none of them any more.
 * Since Redis 7.0, ASK means exactly that. Redis 6.2 answers ASK as soon as one of the keys is
 * missing, even if that key is new: following it would begin a second order of the destination on
 * the other Redis.
 */
public final class AskCheck {
  private AskCheck() {}

  /**
   * Checks each key separately.
   *
   * @param source the Redis that answered ASK; null if its connection is lost
   * @return completes on Lettuce's I/O thread and never fails; false if unknown
   */
  @SuppressWarnings("CatchThrowable") // publications wait for the answer in any case
  public static CompletionStage<Boolean> haveLeft(
      @Nullable StatefulConnection<String, byte[]> source, Supplier<List<String>> keys) {
    if (source == null) {
      return CompletableFuture.completedFuture(false);
    }
    try {
      return ask(source, keys.get());
    } catch (Throwable e) {
      return CompletableFuture.completedFuture(false); // for example, too many pending commands
    }
  }

  private static CompletionStage<Boolean> ask(
      StatefulConnection<String, byte[]> source, List<String> keys) {
    CompletionStage<Boolean> all = CompletableFuture.completedFuture(true);
    List<AsyncCommand<String, byte[], Long>> questions = new ArrayList<>();
    for (String key : keys) {
      // Not EXISTS: the nodes' ACL includes PTTL.
      AsyncCommand<String, byte[], Long> question =
          Commands.command(CommandType.PTTL, Commands.integer(), Commands.args().addKey(key));
      questions.add(question);
      all =
          all.thenCombine(
              question.handle((millis, failure) -> ErrorReply.askAddress(failure) != null),
              Boolean::logicalAnd);
    }
    source.dispatch(questions);
    return all;
  }
}
