package io.drumline.spring;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.util.ClassUtils;

/**
 * Reports a value of the wrong type in one sentence, for settings that Spring Boot reads one by one
 * from the environment, such as {@code server.port}.
 */
@Order(Ordered.HIGHEST_PRECEDENCE)
final class UnreadableSettingFailureAnalyzer
    extends AbstractFailureAnalyzer<InvalidConfigurationPropertyValueException> {

  /** The exception names the type only in its reason. */
  private static final Pattern TYPE = Pattern.compile("Failed to convert to type ([\\w.$]+)");

  @Override
  protected @Nullable FailureAnalysis analyze(
      Throwable rootFailure, InvalidConfigurationPropertyValueException failure) {
    Matcher type = TYPE.matcher(failure.getReason());
    if (!type.matches()) {
      return null;
    }
    Class<?> wanted = ClassUtils.resolveClassName(type.group(1), null);
    return new FailureAnalysis(
        InvalidSettingFailureAnalyzer.unreadable(failure.getName(), wanted, failure.getValue()),
        null,
        failure);
  }
}
