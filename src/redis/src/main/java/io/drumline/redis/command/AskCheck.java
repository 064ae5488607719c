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
 * Whether the Redis that answered ASK to a command with several keys has none of them any more.
 * From 7.0 on that is what ASK means. Redis 6.2 says ASK as soon as one of them is missing, also
 * where that one is new: whoever follows it begins a second order of the destination on the other
 * Redis.
 */
public final class AskCheck {
  private AskCheck() {}

  /**
   * Asks for each key by itself.
   *
   * @param source the Redis that answered ASK; null if its connection is lost
   * @return completes on Lettuce's I/O thread and never fails; false where it is not known
   */
  @SuppressWarnings("CatchThrowable") // whatever it is, publications wait for the answer
  public static CompletionStage<Boolean> haveLeft(
      @Nullable StatefulConnection<String, byte[]> source, Supplier<List<String>> keys) {
    if (source == null) {
      return CompletableFuture.completedFuture(false);
    }
    try {
      return ask(source, keys.get());
    } catch (Throwable e) {
      return CompletableFuture.completedFuture(false); // such as too many commands that wait
    }
  }

  private static CompletionStage<Boolean> ask(
      StatefulConnection<String, byte[]> source, List<String> keys) {
    CompletionStage<Boolean> all = CompletableFuture.completedFuture(true);
    List<AsyncCommand<String, byte[], Long>> questions = new ArrayList<>();
    for (String key : keys) {
      // Not EXISTS: PTTL is in the ACL that nodes have.
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
