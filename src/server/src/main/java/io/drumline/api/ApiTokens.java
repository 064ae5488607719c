package io.drumline.api;

import io.drumline.backplane.Revocations;
import io.drumline.backplane.Revocations.Kind;
import io.drumline.backplane.Revocations.Subject;
import io.drumline.security.Authenticator;
import io.drumline.security.Credentials;
import io.drumline.security.Identity;
import io.drumline.security.Login;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.springframework.security.authentication.AuthenticationServiceException;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.core.AuthenticationException;

/**
 * Authenticates a token, and checks that neither it nor its user is blocked. Called on the
 * request's thread, which it blocks for at most {@value #SECONDS} s per check.
 */
final class ApiTokens {
  private static final int SECONDS = 10;

  private final Authenticator authenticator;
  private final Revocations revocations;

  ApiTokens(Authenticator authenticator, Revocations revocations) {
    this.authenticator = authenticator;
    this.revocations = revocations;
  }

  /**
   * @throws AuthenticationException with a sentence for the caller, if it is not accepted
   */
  Identity identify(String token) {
    Login login = join(authenticator.check(new Credentials("Bearer " + token, null, null)));
    if (login instanceof Login.Refused refused) {
      throw refused.reason().mayRetry()
          ? new AuthenticationServiceException(refused.sentence())
          : new BadCredentialsException(refused.sentence());
    }
    Login.Accepted accepted = (Login.Accepted) login;
    Identity identity = accepted.identity();
    List<Subject> subjects = new ArrayList<>(2);
    subjects.add(new Subject(Kind.USER, identity.name()));
    if (identity.tokenId() != null) {
      subjects.add(new Subject(Kind.TOKEN, identity.tokenId()));
    }
    if (join(revocations.check(subjects)).isPresent()) {
      throw new BadCredentialsException("The token is revoked, or its user is blocked.");
    }
    return identity;
  }

  private static <T> T join(CompletionStage<T> stage) {
    try {
      return stage.toCompletableFuture().orTimeout(SECONDS, TimeUnit.SECONDS).join();
    } catch (CompletionException unanswered) {
      throw new AuthenticationServiceException(
          "Tokens cannot be checked now; try again later.", unanswered);
    }
  }
}
