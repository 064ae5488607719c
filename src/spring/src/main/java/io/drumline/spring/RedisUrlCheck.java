package io.drumline.spring;

import io.drumline.security.WrongSettingException;
import java.net.URI;
import java.net.URISyntaxException;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.event.ApplicationEnvironmentPreparedEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;

/**
 * Rejects a malformed {@code spring.data.redis.url} in one sentence. Spring Boot only checks its
 * scheme; other errors fail later, with a stack trace that does not name the property.
 */
@Order(Ordered.LOWEST_PRECEDENCE) // after the configuration files were read
final class RedisUrlCheck implements ApplicationListener<ApplicationEnvironmentPreparedEvent> {
  private static final String PROPERTY = "spring.data.redis.url";

  @Override
  public void onApplicationEvent(ApplicationEnvironmentPreparedEvent event) {
    String url = event.getEnvironment().getProperty(PROPERTY);
    if (url == null || url.isBlank()) {
      return;
    }
    String fault = faultOf(url);
    if (fault != null) {
      // The part before an @ may contain a password.
      String shown = url.contains("@") ? "" : ", but is '" + url + "'";
      throw new WrongSettingException(
          "%s must be like redis://user:password@host:6379/0 (rediss for TLS)%s: %s."
              .formatted(PROPERTY, shown, fault));
    }
  }

  private static @Nullable String faultOf(String url) {
    URI uri;
    try {
      uri = new URI(url);
    } catch (URISyntaxException e) {
      return "it is no URL (" + e.getReason() + ")";
    }
    if (!"redis".equals(uri.getScheme()) && !"rediss".equals(uri.getScheme())) {
      return "it does not begin with redis:// or rediss://";
    }
    if (uri.getHost() == null) {
      return "it has no host, which may have letters, digits, dots and dashes";
    }
    String path = uri.getPath();
    return path == null || path.matches("/?|/[0-9]{1,9}")
        ? null
        : "what follows the host is not the number of a database";
  }
}
