package io.drumline.stomp.access;

import io.drumline.backplane.BackplaneException;
import io.drumline.backplane.Revocations.Revocation;
import io.drumline.message.CloseCode;
import io.drumline.stomp.codec.StompException;
import java.util.concurrent.CompletionException;

/** The errors sent to clients that are blocked or kicked, or when the backplane fails. */
public final class Refusals {
  private Refusals() {}

  public static StompException blocked(Revocation block) {
    String what =
        switch (block.subject().kind()) {
          case USER -> "You are blocked";
          case SESSION -> "This session is blocked";
          case TOKEN -> "This token is revoked";
        };
    return new StompException(sentence(what, block.reason()), null, CloseCode.REVOKED);
  }

  public static StompException kicked(String reason) {
    return new StompException(sentence("You were disconnected", reason), null, CloseCode.KICKED);
  }

  private static String sentence(String what, String reason) {
    return reason.isEmpty() ? what + "." : what + ". " + reason;
  }

  /** The error sent to a publisher whose message the backplane did not accept. */
  public static StompException notAccepted(Throwable failure) {
    return unavailable(failure, "The message was not accepted.");
  }

  /**
   * The error after a failure of the backplane: the client should try again later.
   *
   * @param otherwise the sentence for failures other than a {@link BackplaneException}
   */
  public static StompException unavailable(Throwable failure, String otherwise) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    String sentence = cause instanceof BackplaneException ? cause.getMessage() : null;
    return new StompException(
        sentence == null ? otherwise : sentence, null, CloseCode.TRY_AGAIN_LATER);
  }
}
