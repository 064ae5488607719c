package io.drumline.process;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import org.jspecify.annotations.Nullable;

/**
 * SIGTERM. The JVM's own handler runs the shutdown hooks and exits with 143; another can be set
 * only by a class of {@code jdk.unsupported}. It is called by reflection, since javac's warning
 * about it cannot be suppressed.
 */
final class TermSignal {
  private static final String NAME = "TERM";

  /** The previous handler. */
  private final Object previous;

  private TermSignal(Object previous) {
    this.previous = previous;
  }

  /**
   * Calls the task at each SIGTERM from now on, on a new thread.
   *
   * @throws ReflectiveOperationException if this JVM does not allow it
   */
  static TermSignal caught(Runnable task) throws ReflectiveOperationException {
    InvocationHandler handler =
        (proxy, method, arguments) ->
            switch (method.getName()) {
              case "handle" -> {
                task.run();
                yield null;
              }
              case "hashCode" -> System.identityHashCode(proxy);
              case "equals" -> proxy == arguments[0];
              default -> "Drumline's SIGTERM handler";
            };
    Class<?> type = Class.forName("sun.misc.SignalHandler");
    return new TermSignal(
        set(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler)));
  }

  /** Restores the previous handler. */
  void release() throws ReflectiveOperationException {
    set(previous);
  }

  /** Calls the previous handler. */
  void passOn() throws ReflectiveOperationException {
    Class<?> signal = Class.forName("sun.misc.Signal");
    Class.forName("sun.misc.SignalHandler")
        .getMethod("handle", signal)
        .invoke(previous, signal.getConstructor(String.class).newInstance(NAME));
  }

  private static Object set(@Nullable Object handler) throws ReflectiveOperationException {
    Class<?> signal = Class.forName("sun.misc.Signal");
    try {
      return signal
          .getMethod("handle", signal, Class.forName("sun.misc.SignalHandler"))
          .invoke(null, signal.getConstructor(String.class).newInstance(NAME), handler);
    } catch (InvocationTargetException refused) { // as with -Xrs
      throw new ReflectiveOperationException(refused.getCause());
    }
  }
}
