package io.drumline;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.core.Ordered;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.PropertySource;
import org.springframework.core.io.ClassPathResource;

/**
 * A node's default settings. They are not in {@code application.yaml}, which belongs to the
 * application that contains Drumline: Spring Boot reads only the first on the class path.
 */
final class NodeDefaults implements EnvironmentPostProcessor, Ordered {
  @Override
  public void postProcessEnvironment(
      ConfigurableEnvironment environment, SpringApplication application) {
    try {
      for (PropertySource<?> defaults :
          new YamlPropertySourceLoader()
              .load("Drumline's defaults", new ClassPathResource("defaults.yaml", getClass()))) {
        environment.getPropertySources().addLast(defaults);
      }
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  /** After all processors that read configuration files. */
  @Override
  public int getOrder() {
    return LOWEST_PRECEDENCE;
  }
}
