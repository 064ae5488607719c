package io.drumline.redis.status;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisCommandTimeoutException;
import io.lettuce.core.RedisConnectionException;
import io.lettuce.core.RedisException;
import io.netty.channel.ConnectTimeoutException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class FailureReasonTest {
  static Stream<Arguments> failures() {
    return Stream.of(
        Arguments.of(
            new ConnectException(
                "finishConnect(..) failed with error(-111): Connection refused:"
                    + " localhost/127.0.0.1:6379"),
            "connection refused"),
        Arguments.of(
            new RedisCommandTimeoutException(
                "Connection initialization timed out after 1 second(s)"),
            "it does not answer"),
        Arguments.of(
            new ConnectTimeoutException("connection timed out after 2000 ms: /10.0.0.1:6379"),
            "it does not answer"),
        Arguments.of(
            new RedisException("Currently not connected. Commands are rejected."),
            "the connection was closed"),
        Arguments.of(new RedisException("Connection closed"), "the connection was closed"),
        Arguments.of(new ClosedChannelException(), "the connection was closed"),
        Arguments.of(
            new IOException("recvAddress(..) failed with error(-104): Connection reset by peer"),
            "the connection was reset"),
        Arguments.of(
            new IOException("connect(..) failed with error(-101): Network is unreachable"),
            "Network is unreachable"),
        Arguments.of(
            new UnknownHostException("redis: Name or service not known"),
            "its host name cannot be resolved (redis: Name or service not known)"),
        Arguments.of(
            new RedisCommandExecutionException("NOAUTH Authentication required."),
            "NOAUTH Authentication required"),
        Arguments.of(new ClosedSelectorException(), "closed selector"));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void saysInWordsWhatHappened(Exception failure, String words) {
    assertThat(FailureReason.of(failure)).isEqualTo(words);
    Exception wrapped =
        new CompletionException(new RedisConnectionException("Unable to connect", failure));
    assertThat(FailureReason.of(wrapped)).isEqualTo(words);
  }
}
