package io.drumline.continuity;

import io.drumline.continuity.Event.Resumed;
import io.drumline.continuity.Evidence.Log;
import java.util.List;

/**
 * How long subscriptions were away, from the loss of the socket to the RECEIPT of the SUBSCRIBE
 * that resumed them; milliseconds.
 */
record ResumeTimes(int count, long p50, long p99, long max) {

  static ResumeTimes of(List<Log> logs) {
    long[] millis =
        logs.stream()
            .flatMap(log -> log.of(Resumed.class))
            .mapToLong(resumed -> resumed.after().toMillis())
            .sorted()
            .toArray();
    return millis.length == 0
        ? new ResumeTimes(0, 0, 0, 0)
        : new ResumeTimes(
            millis.length, at(millis, 0.5), at(millis, 0.99), millis[millis.length - 1]);
  }

  private static long at(long[] sorted, double share) {
    return sorted[(int) Math.ceil(share * sorted.length) - 1];
  }
}
