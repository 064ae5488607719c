package io.drumline.spring;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.UnboundConfigurationPropertiesException;
import org.springframework.boot.context.properties.bind.validation.BindValidationException;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.convert.DurationStyle;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.convert.ConversionFailedException;
import org.springframework.validation.FieldError;
import org.springframework.validation.ObjectError;

/**
 * Reports an invalid setting in one sentence, instead of Spring Boot's report: values of the wrong
 * type for all settings, and all other errors for {@code drumline.*} and the groups of Spring Boot
 * that Drumline's documentation describes.
 */
@Order(Ordered.HIGHEST_PRECEDENCE)
final class InvalidSettingFailureAnalyzer extends AbstractFailureAnalyzer<BindException> {
  private static final List<ConfigurationPropertyName> OURS =
      Stream.of("drumline", "server", "management", "spring.data.redis", "spring.ssl")
          .map(ConfigurationPropertyName::of)
          .toList();

  @Override
  protected @Nullable FailureAnalysis analyze(Throwable rootFailure, BindException failure) {
    if (isOurs(failure.getName()) || findCause(failure, ConversionFailedException.class) != null) {
      return new FailureAnalysis(sentence(failure), null, failure);
    }
    return null;
  }

  private static boolean isOurs(ConfigurationPropertyName name) {
    return OURS.stream().anyMatch(each -> each.equals(name) || each.isAncestorOf(name));
  }

  private static String sentence(BindException failure) {
    Throwable root = failure;
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof UnboundConfigurationPropertiesException unbound) {
        return unknown(unbound);
      }
      if (cause instanceof BindValidationException invalid) {
        return invalid(invalid.getValidationErrors().getAllErrors());
      }
      if (cause instanceof ConversionFailedException unreadable) {
        return unreadable(failure, unreadable);
      }
      root = cause;
    }
    return ended(
        root.getMessage() != null ? root.getMessage() : failure.getName() + " cannot be read");
  }

  private static String unknown(UnboundConfigurationPropertiesException unbound) {
    return SettingNames.unknown(
        unbound.getUnboundProperties().stream()
            .map(property -> property.getName().toString())
            .min(Comparator.naturalOrder())
            .orElse(""));
  }

  private static String invalid(List<ObjectError> errors) {
    return ended(
        errors.stream()
            .map(InvalidSettingFailureAnalyzer::invalid)
            .collect(Collectors.joining("; ")));
  }

  private static String invalid(ObjectError error) {
    if (!(error instanceof FieldError field)) {
      return error.getObjectName() + ": " + error.getDefaultMessage();
    }
    String name = error.getObjectName() + '.' + dashed(field.getField());
    return "%s %s, but is %s"
        .formatted(name, error.getDefaultMessage(), shown(field.getRejectedValue()));
  }

  /** Formats the value as in settings. */
  private static @Nullable Object shown(@Nullable Object value) {
    if (value instanceof Duration time) {
      boolean whole = time.toMillis() % 1000 == 0;
      return DurationStyle.SIMPLE.print(time, whole ? ChronoUnit.SECONDS : ChronoUnit.MILLIS);
    }
    return value;
  }

  private static String unreadable(BindException failure, ConversionFailedException conversion) {
    return unreadable(
        property(failure), conversion.getTargetType().getType(), conversion.getValue());
  }

  static String unreadable(String setting, Class<?> type, @Nullable Object value) {
    return "%s must be %s, but is '%s'.".formatted(setting, wanted(type), value);
  }

  private static String wanted(Class<?> type) {
    Object[] constants = type.getEnumConstants();
    if (constants != null) {
      return Arrays.stream(constants)
          .map(constant -> constant.toString().toLowerCase(Locale.ROOT))
          .collect(Collectors.joining(", ", "one of ", ""));
    }
    return switch (type.getSimpleName()) {
      case "int", "Integer", "long", "Long" -> "a whole number";
      case "boolean", "Boolean" -> "true or false";
      case "Duration" -> "a duration, such as 10s";
      case "DataSize" -> "a size, such as 1MB";
      case "InetAddress" -> "an address, or a host name that can be resolved";
      case "URI" -> "a URL, such as https://id.example.org/keys";
      case "Resource" -> "the place of a file, such as file:/etc/drumline/key.pem";
      default -> "of type " + dashed(type.getSimpleName()).replace('-', ' ');
    };
  }

  private static String property(BindException failure) {
    var property = failure.getProperty();
    return (property != null ? property.getName() : failure.getName()).toString();
  }

  private static String dashed(String camelCase) {
    String dashed = camelCase.replaceAll("(?<=[a-z])(?=[A-Z])", "-").toLowerCase(Locale.ROOT);
    return dashed.startsWith("-") ? dashed.substring(1) : dashed;
  }

  private static String ended(String text) {
    return text.endsWith(".") ? text : text + ".";
  }
}
