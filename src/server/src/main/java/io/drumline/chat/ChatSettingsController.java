package io.drumline.chat;

import java.io.IOException;
import org.springframework.core.env.Environment;
import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PathMatchingResourcePatternResolver;
import org.springframework.http.CacheControl;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Returns the page's settings for connecting, since the client listener has its own port. */
@RestController
final class ChatSettingsController {
  private static final String WEBJARS = "META-INF/resources/webjars/";
  private static final String STOMP = "stomp__stompjs/*/bundles/stomp.umd.min.js";

  private final ChatProperties properties;
  private final Environment environment;
  private final String stomp;

  ChatSettingsController(ChatProperties properties, Environment environment) throws IOException {
    this.properties = properties;
    this.environment = environment;
    this.stomp = pathOfStompJs();
  }

  @GetMapping("/chat/settings")
  ResponseEntity<ChatSettings> settings() {
    // Read for each request: with port 0, the bound port is known only after the start.
    int port = environment.getRequiredProperty("local.drumline.listener.port", Integer.class);
    String path = environment.getProperty("drumline.listener.path", "/ws");
    return ResponseEntity.ok()
        .cacheControl(CacheControl.noStore())
        .body(
            new ChatSettings(
                properties.endpoints(), properties.endpointsInUrl(), port, path, stomp));
  }

  /** Found by a pattern, so that only the build file contains the version. */
  private static String pathOfStompJs() throws IOException {
    Resource[] found =
        new PathMatchingResourcePatternResolver().getResources("classpath*:" + WEBJARS + STOMP);
    if (found.length == 0) {
      throw new IOException("STOMP.js is not on the class path: " + WEBJARS + STOMP);
    }
    String url = found[0].getURL().toString();
    return url.substring(url.indexOf(WEBJARS) + "META-INF/resources".length());
  }
}
