package io.drumline.backplane;

import java.util.List;

/**
 * The status of a backplane as seen by this node.
 *
 * @param problems known problems, the worst first; may be empty
 */
public record BackplaneStatus(State state, List<Problem> problems) {

  /** Which operations work. */
  public enum State {
    /** All. */
    UP,
    /** Some operations are rejected, or stored data may be lost; the others work. */
    DEGRADED,
    /** None: the backplane cannot be reached, or rejects the node as a whole. */
    DOWN
  }

  /**
   * One problem.
   *
   * @param reason a short fixed word, used as a label of metrics
   * @param sentence for operators: what is wrong and what to do
   */
  public record Problem(String reason, String sentence) {}

  public BackplaneStatus {
    problems = List.copyOf(problems);
  }
}
