package io.drumline.spring;

import java.util.Set;
import org.springframework.boot.context.event.ApplicationEnvironmentPreparedEvent;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;
import org.springframework.context.ApplicationListener;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.StandardEnvironment;

/**
 * Rejects unknown {@code drumline.*} settings, such as {@code drumline.backplan}: a node must not
 * start with another configuration than intended. Within a known group, the group's own record
 * rejects unknown names.
 */
@Order(Ordered.LOWEST_PRECEDENCE) // after the configuration files were read
final class UnknownSettings implements ApplicationListener<ApplicationEnvironmentPreparedEvent> {
  private static final ConfigurationPropertyName OURS = ConfigurationPropertyName.of("drumline");

  /** In uniform form, without dashes. */
  private static final Set<String> KNOWN =
      Set.of(
          "nodeid",
          "node",
          "backplane",
          "memory",
          "listener",
          "hub",
          "stomp",
          "redis",
          "api",
          "chat",
          "destinations",
          "session",
          "security",
          "drain",
          "rebalance",
          "tracing");

  private static final Set<String> OF_DESTINATIONS =
      Set.of("pattern", "history", "messages", "size", "age");

  /**
   * Environment variables and system properties are shared: a name there need not be meant for us.
   */
  private static final Set<String> SHARED_SOURCES =
      Set.of(
          StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME,
          StandardEnvironment.SYSTEM_PROPERTIES_PROPERTY_SOURCE_NAME);

  /** The setting does not exist. */
  static final class UnknownSettingException extends RuntimeException {
    UnknownSettingException(String name) {
      super(SettingNames.unknown(name));
    }
  }

  @Override
  public void onApplicationEvent(ApplicationEnvironmentPreparedEvent event) {
    // Conditions depend on these: an invalid value must fail rather than match no condition.
    Binder.get(event.getEnvironment()).bind("drumline", NodeProperties.class);
    for (PropertySource<?> source : event.getEnvironment().getPropertySources()) {
      if (source instanceof EnumerablePropertySource<?> enumerable
          && !SHARED_SOURCES.contains(source.getName())) {
        for (String name : enumerable.getPropertyNames()) {
          check(name);
        }
      }
    }
  }

  private static void check(String name) {
    ConfigurationPropertyName parsed = ConfigurationPropertyName.adapt(name, '.');
    if (!OURS.isAncestorOf(parsed)) {
      return;
    }
    String group = parsed.getElement(1, Form.UNIFORM);
    if (!KNOWN.contains(group)) {
      throw new UnknownSettingException(name);
    }
    // Its record shares the root with others, so it cannot reject unknown names.
    for (int i = 2; group.equals("destinations") && i < parsed.getNumberOfElements(); i++) {
      if (!parsed.isNumericIndex(i)
          && !OF_DESTINATIONS.contains(parsed.getElement(i, Form.UNIFORM))) {
        throw new UnknownSettingException(name);
      }
    }
  }
}
