package io.drumline.ops;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.core.AppenderBase;
import java.util.function.Consumer;
import org.slf4j.LoggerFactory;

/**
 * Reports every exception that is logged. Event loops and libraries catch what their tasks throw,
 * including an {@link OutOfMemoryError}, and only log it.
 */
final class LoggedErrors extends AppenderBase<ILoggingEvent> {
  private final Consumer<Throwable> listener;

  private LoggedErrors(Consumer<Throwable> listener) {
    this.listener = listener;
  }

  /** Starts to report; does nothing if the logging system is not Logback. */
  static void tell(Consumer<Throwable> listener) {
    if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
      LoggedErrors errors = new LoggedErrors(listener);
      errors.setContext(context);
      errors.setName("drumline-memory");
      errors.start();
      context.getLogger(Logger.ROOT_LOGGER_NAME).addAppender(errors);
    }
  }

  @Override
  protected void append(ILoggingEvent event) {
    if (event.getThrowableProxy() instanceof ThrowableProxy proxy) {
      listener.accept(proxy.getThrowable());
    }
  }
}
