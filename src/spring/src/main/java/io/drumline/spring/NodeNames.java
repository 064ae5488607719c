package io.drumline.spring;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.SecureRandom;
import java.util.Map;
import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.util.StringUtils;

/**
 * Gives a node that has no {@code drumline.node-id} one of its own: its host's name with a random
 * ending. So early, because structured logs carry it from the first line.
 */
final class NodeNames implements EnvironmentPostProcessor {
  private static final String PROPERTY = "drumline.node-id";
  private static final int ENDINGS = 36 * 36 * 36 * 36;

  @Override
  public void postProcessEnvironment(
      ConfigurableEnvironment environment, SpringApplication application) {
    if (!StringUtils.hasText(environment.getProperty(PROPERTY))) {
      String ending = Integer.toString(ENDINGS + new SecureRandom().nextInt(ENDINGS), 36);
      environment
          .getPropertySources()
          .addFirst(
              new MapPropertySource(
                  "node name", Map.of(PROPERTY, hostName() + '-' + ending.substring(1))));
    }
  }

  private static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException noName) {
      return "node";
    }
  }
}
