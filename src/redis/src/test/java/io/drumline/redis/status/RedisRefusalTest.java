package io.drumline.redis.status;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisConnectionException;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Answers as Redis 6.2, 7.0 and Valkey 9.1 gave them. */
class RedisRefusalTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          OOM | OOM command not allowed when used memory > 'maxmemory'. script: 60b5b, on @user_script:1.
          OOM | ERR Error running script (call to f_60b5b): @user_script:1: @user_script: 1: -OOM command not allowed when used memory > 'maxmemory'.
          OOM | @user_script: 1: -OOM command not allowed when used memory > 'maxmemory'.
          NOPERM | NOPERM this user has no permissions to run the 'get' command or its subcommand
          NOPERM | NOPERM No permissions to access a channel
          NOPERM | ERR The user executing the script can't run this command or subcommand script: 60b5b, on @user_script:1.
          NOPERM | @user_script: 1: The user executing the script can't run this command or subcommand
          NOPERM | ERR ACL failure in script: User u has no permissions to run the 'hset' command script: on @user_script:1.
          NOAUTH | NOAUTH Authentication required.
          NOAUTH | WRONGPASS invalid username-password pair or user is disabled.
          READONLY | READONLY You can't write against a read only replica. script: 60b5b, on @user_script:1.
          READONLY | ERR Error running script (call to f_60b5b): @user_script:1: @user_script: 1: -READONLY You can't write against a read only replica.
          READONLY | MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.
          LOADING | LOADING Redis is loading the dataset in memory
          LOADING | LOADING Valkey is loading the dataset in memory
          MISCONF | MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.
          NOREPLICAS | NOREPLICAS Not enough good replicas to write. script: on @user_script:1.
          WRONGTYPE | WRONGTYPE Operation against a key holding the wrong kind of value script: on @user_script:1.
          WRONGTYPE | ERR Error running script (call to f_60b5b): @user_script:1: WRONGTYPE Operation against a key holding the wrong kind of value
          UNKNOWN_COMMAND | ERR unknown command 'EVALSHA', with args beginning with: 'a' 'b'
          UNKNOWN_COMMAND | ERR unknown command `EVALSHA`, with args beginning with: `a`, `b`,
          UNKNOWN_COMMAND | ERR Unknown Redis command called from script script: d2aa2, on @user_script:1.
          UNKNOWN_COMMAND | ERR Error running script (call to f_d2aa2): @user_script:1: @user_script: 1: Unknown Redis command called from Lua script
          UNKNOWN_COMMAND | ERR Could not find scripting engine 'lua'
          BUSY | BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.
          OTHER | ERR DB index is out of range
          """)
  void knowsWhatRedisAnswers(RedisRefusal reason, String answer) {
    assertThat(RedisRefusal.of(new RedisCommandExecutionException(answer))).isEqualTo(reason);
    assertThat(
            RedisRefusal.of(
                new CompletionException(
                    new RedisConnectionException(
                        "Unable to connect", new RedisCommandExecutionException(answer)))))
        .isEqualTo(reason);
  }

  @Test
  void takesNoLossOfConnectionForAnAnswer() {
    assertThat(RedisRefusal.of(new RedisConnectionException("Connection closed"))).isNull();
    assertThat(RedisRefusal.of(null)).isNull();
  }
}
