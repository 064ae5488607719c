package io.drumline.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.drumline.backplane.Revocations.Revocation;
import io.drumline.backplane.Revocations.Subject;
import io.drumline.stomp.KickResult;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A block or kick, as returned by the API.
 *
 * @param kind {@code user}, {@code session} or {@code token}
 * @param until when the block ends; absent for a kick
 * @param reason absent if none was given
 * @param closed connections that a kick has closed, 0 if there were none; absent for a block
 * @param silentNodes nodes that did not report within a second what they closed; absent if all did
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record ShownRevocation(
    String kind,
    String name,
    String action,
    @Nullable Instant until,
    @Nullable String reason,
    @Nullable Integer closed,
    @Nullable Integer silentNodes) {

  static ShownRevocation of(Revocation block) {
    Subject subject = block.subject();
    return new ShownRevocation(
        subject.kind().text(),
        subject.name(),
        "block",
        block.until(),
        orMissing(block.reason()),
        null,
        null);
  }

  static ShownRevocation of(Subject subject, KickResult kicked, String reason) {
    return new ShownRevocation(
        subject.kind().text(),
        subject.name(),
        "kick",
        null,
        orMissing(reason),
        kicked.closed(),
        kicked.silent() == 0 ? null : kicked.silent());
  }

  private static @Nullable String orMissing(String reason) {
    return reason.isEmpty() ? null : reason;
  }
}
