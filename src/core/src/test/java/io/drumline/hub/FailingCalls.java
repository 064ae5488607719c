package io.drumline.hub;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/** The calls that the hub makes outside of itself, one of which fails. */
final class FailingCalls {
  /** What the hub calls outside of itself. */
  enum Step {
    ALLOCATE,
    ENCODE,
    OBSERVE,
    TELL_BEGINNING,
    EXECUTE,
    SCHEDULE,
    LOOK_AT_QUEUE,
    BACKPLANE_SUBSCRIBE,
    BACKPLANE_UNSUBSCRIBE,
    BACKPLANE_READ,
    BACKPLANE_ANSWER
  }

  enum Kind {
    EXCEPTION,
    ERROR;

    void fail(Step step) {
      String message = "injected: " + step;
      if (this == ERROR) {
        throw new OutOfMemoryError(message);
      }
      throw step == Step.EXECUTE
          ? new RejectedExecutionException(message)
          : new IllegalStateException(message);
    }
  }

  /** The calls so far, of which one fails. */
  static final class Calls {
    final List<Step> made = new ArrayList<>();
    private final int failing;
    private final Kind kind;
    boolean counting;

    Calls(int failing, Kind kind) {
      this.failing = failing;
      this.kind = kind;
    }

    void at(Step step) {
      if (counting) {
        made.add(step);
        if (made.size() - 1 == failing) {
          kind.fail(step);
        }
      }
    }
  }

  private FailingCalls() {}

  static <T> T proxy(Class<T> type, Call call) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) ->
                call.on(
                    method.getName(),
                    arguments,
                    real -> {
                      try {
                        return method.invoke(real, arguments);
                      } catch (InvocationTargetException e) {
                        throw e.getCause();
                      }
                    })));
  }

  interface Real {
    @Nullable Object call(Object real) throws Throwable;
  }

  interface Call {
    @Nullable Object on(String method, Object[] arguments, Real real) throws Throwable;
  }
}
