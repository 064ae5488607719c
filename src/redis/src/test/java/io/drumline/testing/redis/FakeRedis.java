package io.drumline.testing.redis;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisException;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.output.CommandOutput;
import io.lettuce.core.protocol.AsyncCommand;
import io.lettuce.core.protocol.CommandType;
import io.lettuce.core.protocol.RedisCommand;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A connection whose answers the test gives; scripts are loaded at once. */
public final class FakeRedis {
  private final List<AsyncCommand<String, byte[], ?>> unanswered = new ArrayList<>();
  private @Nullable CommandType failing;
  private Throwable failure = new IllegalStateException();

  @SuppressWarnings("unchecked")
  public final StatefulConnection<String, byte[]> connection =
      (StatefulConnection<String, byte[]>)
          Proxy.newProxyInstance(
              FakeRedis.class.getClassLoader(),
              new Class<?>[] {StatefulConnection.class},
              (proxy, method, arguments) ->
                  switch (method.getName()) {
                    case "dispatch" -> dispatch(arguments[0]);
                    case "isOpen" -> true;
                    case "closeAsync" -> CompletableFuture.completedFuture(null);
                    case "hashCode" -> System.identityHashCode(proxy);
                    case "equals" -> proxy == arguments[0];
                    default -> null;
                  });

  private synchronized Object dispatch(Object given) throws Throwable {
    Collection<?> commands = given instanceof Collection<?> several ? several : List.of(given);
    for (Object each : commands) {
      @SuppressWarnings("unchecked")
      AsyncCommand<String, byte[], ?> command = (AsyncCommand<String, byte[], ?>) each;
      if (command.getType() == failing) {
        throw failure;
      }
      if (command.getType() == CommandType.SCRIPT || command.getType() == CommandType.ASKING) {
        command.complete();
      } else {
        unanswered.add(command);
      }
    }
    return given;
  }

  /** Commands of this kind cannot even be sent from now on; null for none. */
  public void failAt(@Nullable CommandType type, Throwable e) {
    failing = type;
    failure = e;
  }

  /** What was sent and has no answer yet. */
  public synchronized List<CommandType> waiting() {
    return unanswered.stream().map(command -> (CommandType) command.getType()).toList();
  }

  private synchronized AsyncCommand<String, byte[], ?> first() {
    return unanswered.remove(0);
  }

  /** The arguments of the first one, as text. */
  public synchronized String arguments() {
    RedisCommand<String, byte[], ?> first = unanswered.get(0);
    return first.getArgs() == null ? "" : first.getArgs().toCommandString();
  }

  /** The first one that waits is a publication, and is stored. */
  public void stores(long offset) {
    AsyncCommand<String, byte[], ?> command = first();
    CommandOutput<String, byte[], ?> output = command.getOutput();
    output.set(ByteBuffer.wrap("epoch1".getBytes(US_ASCII)));
    output.set(offset);
    command.complete();
  }

  /** The first one that waits is a question for a number. */
  public void answers(long number) {
    AsyncCommand<String, byte[], ?> command = first();
    command.getOutput().set(number);
    command.complete();
  }

  /** The first one that waits is answered by an error. */
  public void refuses(String error) {
    var unused = first().completeExceptionally(new RedisCommandExecutionException(error));
  }

  /** The connection is lost before the first one that waits is answered. */
  public void loses() {
    var unused = first().completeExceptionally(new RedisException("Connection closed"));
  }
}
