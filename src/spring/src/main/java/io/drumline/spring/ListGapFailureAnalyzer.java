package io.drumline.spring;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.UnboundConfigurationPropertiesException;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.ConfigurationPropertyState;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.Environment;

/**
 * Reports a gap in a list of settings, such as {@code users[1]} without {@code users[0]}: Spring
 * Boot treats the entries after the gap as unknown settings.
 */
@Order(Ordered.HIGHEST_PRECEDENCE)
final class ListGapFailureAnalyzer
    extends AbstractFailureAnalyzer<UnboundConfigurationPropertiesException> {

  /** A name up to the last index. */
  private static final Pattern ENTRY = Pattern.compile("(drumline.+)\\[(\\d+)].*");

  private final Environment environment;

  ListGapFailureAnalyzer(Environment environment) {
    this.environment = environment;
  }

  @Override
  protected @Nullable FailureAnalysis analyze(
      Throwable rootFailure, UnboundConfigurationPropertiesException unbound) {
    for (ConfigurationProperty property : unbound.getUnboundProperties()) {
      Matcher entry = ENTRY.matcher(property.getName().toString());
      int index = entry.matches() ? Integer.parseInt(entry.group(2)) : 0;
      String before = index == 0 ? "" : entry.group(1) + '[' + (index - 1) + ']';
      if (index > 0 && !isSet(ConfigurationPropertyName.of(before))) {
        String sentence =
            "%s is set, but %s is not: number the entries from 0 on, without gaps."
                .formatted(property.getName(), before);
        return new FailureAnalysis(sentence, null, unbound);
      }
    }
    return null;
  }

  private boolean isSet(ConfigurationPropertyName name) {
    for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
      if (source.getConfigurationProperty(name) != null
          || source.containsDescendantOf(name) == ConfigurationPropertyState.PRESENT) {
        return true;
      }
    }
    return false;
  }
}
