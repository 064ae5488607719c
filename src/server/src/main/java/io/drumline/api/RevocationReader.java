package io.drumline.api;

import io.drumline.backplane.Revocations;
import io.drumline.backplane.Revocations.Kind;
import io.drumline.backplane.Revocations.Subject;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.convert.DurationStyle;
import org.springframework.web.ErrorResponseException;

/** Reads the JSON of a revocation, or reports in one sentence what is invalid. */
final class RevocationReader {
  private static final String FIELDS = "user, session, token, action, until, for and reason";
  private static final int LONGEST_NAME = 256;
  private static final int LONGEST_REASON = 128;
  private static final Duration USUAL = Duration.ofHours(24);

  /** Nodes accept a token for up to 5 minutes after its expiry, as clocks differ. */
  private static final Duration CLOCKS = Duration.ofMinutes(6);

  private final StrictJson json = new StrictJson();
  private final InstantSource clock;

  RevocationReader(InstantSource clock) {
    this.clock = clock;
  }

  /**
   * A valid request.
   *
   * @param time the duration of a block; null for a kick
   */
  record Order(Subject subject, @Nullable Duration time, String reason) {}

  /**
   * @throws ErrorResponseException 400, if the request is not valid
   */
  Order read(byte[] body) {
    RevocationRequest request = json.read(body, RevocationRequest.class, FIELDS);
    Subject subject = subject(request.user(), request.session(), request.token());
    String reason = reason(request.reason());
    String action = request.action();
    if (action == null) {
      throw Problems.badField("action", "The action is missing: kick or block.");
    }
    return switch (action) {
      case "kick" -> {
        if (request.until() != null || request.time() != null) {
          throw Problems.badField(
              request.until() != null ? "until" : "for",
              "A kick has no time: to keep a user out, block the user.");
        }
        yield new Order(subject, null, reason);
      }
      case "block" -> new Order(subject, time(subject.kind(), request), reason);
      default -> throw Problems.badField("action", "The action must be kick or block.");
    };
  }

  /**
   * The only one of these that is given.
   *
   * @throws ErrorResponseException 400, if not exactly one is given
   */
  static Subject subject(@Nullable String user, @Nullable String session, @Nullable String token) {
    List<Subject> named = new ArrayList<>();
    name(Kind.USER, user, named);
    name(Kind.SESSION, session, named);
    name(Kind.TOKEN, token, named);
    if (named.size() != 1) {
      throw Problems.badField(
          named.isEmpty() ? "user" : named.get(1).kind().text(),
          "Exactly one of user, session and token must be named.");
    }
    return named.get(0);
  }

  private static void name(Kind kind, @Nullable String name, List<Subject> named) {
    if (name == null) {
      return;
    }
    if (name.isBlank() || name.length() > LONGEST_NAME || controls(name)) {
      throw Problems.badField(
          kind.text(),
          "The %s must have 1 to %d characters, and none for control."
              .formatted(kind.text(), LONGEST_NAME));
    }
    named.add(new Subject(kind, name));
  }

  private static String reason(@Nullable String reason) {
    if (reason == null) {
      return "";
    }
    if (reason.length() > LONGEST_REASON || controls(reason)) {
      throw Problems.badField(
          "reason",
          "The reason may have %d characters, and none for control.".formatted(LONGEST_REASON));
    }
    return reason.strip();
  }

  private static boolean controls(String text) {
    return text.chars().anyMatch(Character::isISOControl);
  }

  private Duration time(Kind kind, RevocationRequest request) {
    String field = request.until() != null ? "until" : "for";
    if (request.until() != null && request.time() != null) {
      throw Problems.badField("for", "There may be until or for, not both.");
    }
    Duration time;
    try {
      time =
          request.until() != null
              ? Duration.between(clock.instant(), instant(request.until()))
              : request.time() != null
                  ? duration(request.time())
                  : kind == Kind.TOKEN ? Revocations.LONGEST : USUAL;
    } catch (DateTimeException | IllegalArgumentException | ArithmeticException unreadable) {
      throw Problems.badField(
          field,
          request.until() != null
              ? "The field until must be a time, such as 2026-11-25T12:00:00Z."
              : "The field for must be a duration, such as 24h.");
    }
    if (time.compareTo(Revocations.LONGEST) > 0 || time.toMillis() < 1) {
      throw Problems.badField(
          field,
          "A block must end in the future, at most %d days from now."
              .formatted(Revocations.LONGEST.toDays()));
    }
    Duration longer = kind == Kind.TOKEN ? time.plus(CLOCKS) : time;
    return longer.compareTo(Revocations.LONGEST) > 0 ? Revocations.LONGEST : longer;
  }

  /** A unit is required: a bare number would mean milliseconds, which is never intended. */
  private static Duration duration(String text) {
    if (text.matches("[-+]?\\d+")) {
      throw new IllegalArgumentException("no unit");
    }
    return DurationStyle.detectAndParse(text);
  }

  private static Instant instant(String text) {
    return OffsetDateTime.parse(text).toInstant();
  }
}
