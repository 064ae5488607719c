package io.drumline.continuity;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.drumline.continuity.Evidence.Log;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a run proves.
 *
 * @param accepted messages that had their RECEIPT
 * @param delivered messages that subscriptions received as they were sent, copies included
 * @param faults how often each fault was found; absent where it was not
 * @param findings the first faults in words
 */
record Verdict(
    long accepted,
    long delivered,
    Map<Fault, Long> faults,
    Gaps gaps,
    ResumeTimes resumes,
    List<String> findings) {

  /**
   * What is missing and was said to be.
   *
   * @param notices gap notices by reason
   * @param missing messages that are missing at the place of a notice
   * @param abandoned messages that the backplane lost before the subscription could hear of them
   */
  record Gaps(Map<String, Long> notices, long missing, long abandoned) {}

  /** Judges a run; a pure function. */
  static Verdict of(Evidence evidence) {
    Tally tally = new Tally();
    evidence.logs().stream()
        .collect(Collectors.groupingBy(Log::destination))
        .forEach(
            (destination, logs) ->
                new Judge(destination, evidence.lanes().getOrDefault(destination, List.of()), tally)
                    .judge(logs));
    return tally.verdict(evidence.accepted(), ResumeTimes.of(evidence.logs()));
  }

  /** Whether nothing is wrong; gaps that were said to be there are not. */
  @JsonProperty
  boolean clean() {
    return faults.isEmpty();
  }
}
