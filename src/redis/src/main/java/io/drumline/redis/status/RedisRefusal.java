package io.drumline.redis.status;

import io.drumline.redis.command.ErrorReply;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Why Redis rejects a command, derived from its error. The errors are those of Redis 6.2 to 8 and
 * Valkey 8 to 9; Redis 6.2 wraps the error of a script, later versions do not.
 */
public enum RedisRefusal {
  OOM(
      "it is out of memory (maxmemory)",
      "raise maxmemory of Redis, or keep shorter histories (drumline.destinations[].history)",
      code("OOM")),
  NOPERM(
      "its ACL does not permit the command",
      "grant the user what docs/redis.md lists; ACL LOG of Redis shows what it denied",
      code("NOPERM") + "|ACL failure in script|The user executing the script can't"),
  NOAUTH(
      "it does not accept the credentials",
      "check spring.data.redis.username and spring.data.redis.password",
      code("NOAUTH|WRONGPASS") + "|^ERR invalid password|^ERR AUTH "),
  READONLY(
      "it is a read-only replica",
      "point spring.data.redis.* at the master, or use Sentinel or a Cluster",
      code("READONLY|MASTERDOWN")),
  LOADING(
      "it is loading its data into memory",
      "wait until it has loaded them: INFO persistence of Redis shows the progress",
      code("LOADING")),
  MISCONF(
      "it cannot save to disk (MISCONF)",
      "see the log and the disk of Redis: it takes no writes until it can save again",
      code("MISCONF")),
  NOREPLICAS(
      "it has too few replicas (min-replicas-to-write)",
      "bring its replicas back, or lower min-replicas-to-write of Redis",
      code("NOREPLICAS")),
  WRONGTYPE(
      "a key of Drumline holds a value of another type",
      "another program writes to keys below drumline.redis.prefix: delete the key, and give that"
          + " program another prefix or Redis",
      code("WRONGTYPE")),
  UNKNOWN_COMMAND(
      "it does not know a command that Drumline needs",
      "use Redis 6.2 or later, or Valkey, with Lua scripting and without renamed commands",
      "nknown (Redis )?(sub)?command|Could not find scripting engine"),
  BUSY(
      "a long script of another program keeps it busy",
      "end that script (SCRIPT KILL), and give the program a Redis of its own",
      code("BUSY")),
  OTHER("it answered an error", "see the documentation of Redis about this error", "");

  private final String clause;
  private final String advice;
  private final Pattern answers;

  RedisRefusal(String clause, String advice, String answers) {
    this.clause = clause;
    this.advice = advice;
    this.answers = Pattern.compile(answers);
  }

  /** Matches error codes at the beginning, or where Redis 6.2 quotes the error of a script. */
  private static String code(String codes) {
    return "(?:^|: -?)(?:" + codes + ") ";
  }

  /** The meaning of this failure; null if it is not an error from Redis. */
  public static @Nullable RedisRefusal of(@Nullable Throwable failure) {
    String answer = ErrorReply.in(failure);
    return answer == null ? null : in(answer);
  }

  /** The meaning of an error from Redis; the last constant matches everything. */
  static RedisRefusal in(String answer) {
    for (RedisRefusal each : values()) {
      if (each.answers.matcher(answer).find()) {
        return each;
      }
    }
    return OTHER;
  }

  /** Its label in metrics and in health. */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Continues a sentence about Redis, such as {@code it is out of memory (maxmemory)}. */
  String clause() {
    return clause;
  }

  /** What to do about it; continues a sentence. */
  String advice() {
    return advice;
  }
}
