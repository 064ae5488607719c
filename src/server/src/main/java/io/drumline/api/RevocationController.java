package io.drumline.api;

import io.drumline.backplane.Revocations;
import io.drumline.backplane.Revocations.Kind;
import io.drumline.backplane.Revocations.Revocation;
import io.drumline.backplane.Revocations.Subject;
import io.drumline.stomp.Expulsions;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Kicks and blocks for operators and backends, answered once they are stored and announced. */
@RestController
@RequestMapping("/api/v1/revocations")
final class RevocationController {
  private static final int TIMEOUT_SECONDS = 10;

  private final Expulsions expulsions;
  private final Revocations revocations;
  private final RevocationReader reader = new RevocationReader(InstantSource.system());

  RevocationController(Expulsions expulsions, Revocations revocations) {
    this.expulsions = expulsions;
    this.revocations = revocations;
  }

  /** JSON only, as for publishing. */
  @PostMapping(consumes = MediaType.APPLICATION_JSON_VALUE)
  CompletionStage<ShownRevocation> revoke(HttpServletRequest request) throws IOException {
    RevocationReader.Order order = reader.read(StrictJson.bodyOf(request));
    Subject subject = order.subject();
    return inTime(
        order.time() == null
            ? expulsions
                .kick(subject, order.reason())
                .thenApply(kicked -> ShownRevocation.of(subject, kicked, order.reason()))
            : expulsions
                .block(subject, order.time(), order.reason())
                .thenApply(ShownRevocation::of));
  }

  @GetMapping
  CompletionStage<Map<String, List<ShownRevocation>>> list() {
    return inTime(
        revocations
            .list()
            .thenApply(
                all ->
                    Map.of(
                        "revocations",
                        all.stream()
                            .sorted(
                                Comparator.comparing(Revocation::until)
                                    .thenComparing(each -> each.subject().toString()))
                            .map(ShownRevocation::of)
                            .toList())));
  }

  @DeleteMapping("/{kind}/{name}")
  CompletionStage<ResponseEntity<Void>> lift(@PathVariable String kind, @PathVariable String name) {
    for (Kind known : Kind.values()) {
      if (known.text().equals(kind)) {
        return lift(new Subject(known, name));
      }
    }
    throw Problems.of(
        HttpStatus.NOT_FOUND,
        "There is no %s to block; the kinds are user, session and token."
            .formatted(kind.toLowerCase(Locale.ROOT)));
  }

  /** For names that a path cannot contain, such as those with a slash. */
  @DeleteMapping
  CompletionStage<ResponseEntity<Void>> lift(
      @RequestParam(required = false) @Nullable String user,
      @RequestParam(required = false) @Nullable String session,
      @RequestParam(required = false) @Nullable String token) {
    return lift(RevocationReader.subject(user, session, token));
  }

  private CompletionStage<ResponseEntity<Void>> lift(Subject subject) {
    return inTime(
        expulsions
            .lift(subject)
            .thenApply(
                lifted -> {
                  if (!lifted) {
                    throw Problems.of(
                        HttpStatus.NOT_FOUND,
                        "There is no block of this %s.".formatted(subject.kind().text()));
                  }
                  return ResponseEntity.noContent().build();
                }));
  }

  private static <T> CompletableFuture<T> inTime(CompletionStage<T> stage) {
    return stage.toCompletableFuture().orTimeout(TIMEOUT_SECONDS, TimeUnit.SECONDS);
  }
}
