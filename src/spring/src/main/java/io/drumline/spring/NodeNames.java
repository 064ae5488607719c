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
 * Sets {@code drumline.node-id} if it is not configured: the host name with a random suffix. This
 * is done early because structured logs contain it from the first line.
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
