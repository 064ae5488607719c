package io.drumline.api;

import io.drumline.publish.Publisher;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * Publishes for backends, as a client's SEND does; answers once the backplane has accepted the
 * message.
 */
@RestController
final class PublishController {
  private static final int TIMEOUT_SECONDS = 10;

  private final Publisher publisher;
  private final PublishReader reader = new PublishReader();

  PublishController(Publisher publisher) {
    this.publisher = publisher;
  }

  /** JSON only: pages of other sites can post a form here, but JSON only after a CORS preflight. */
  @PostMapping(path = "/api/v1/publish", consumes = MediaType.APPLICATION_JSON_VALUE)
  CompletionStage<Published> publish(HttpServletRequest request) throws IOException {
    return publisher
        .publish(reader.read(StrictJson.bodyOf(request)))
        .thenApply(Published::new)
        .toCompletableFuture()
        .orTimeout(TIMEOUT_SECONDS, TimeUnit.SECONDS);
  }
}
