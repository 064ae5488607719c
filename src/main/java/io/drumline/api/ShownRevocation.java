package io.drumline.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.drumline.backplane.Revocations.Revocation;
import io.drumline.backplane.Revocations.Subject;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A block or kick, as the API shows it.
 *
 * @param kind {@code user}, {@code session} or {@code token}
 * @param until when the block ends; missing of a kick
 * @param reason missing where none was given
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record ShownRevocation(
    String kind, String name, String action, @Nullable Instant until, @Nullable String reason) {

  static ShownRevocation of(Revocation block) {
    return of(block.subject(), block.until(), block.reason());
  }

  static ShownRevocation of(Subject subject, @Nullable Instant until, String reason) {
    return new ShownRevocation(
        subject.kind().text(),
        subject.name(),
        until == null ? "kick" : "block",
        until,
        reason.isEmpty() ? null : reason);
  }
}
