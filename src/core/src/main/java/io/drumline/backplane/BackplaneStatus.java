package io.drumline.backplane;

import java.util.List;

/**
 * How well a backplane serves this node.
 *
 * @param problems what is wrong, the worst first; empty where nothing is known to be
 */
public record BackplaneStatus(State state, List<Problem> problems) {

  /** What the node can do with it. */
  public enum State {
    /** Everything. */
    UP,
    /** Some operations are refused, or what is stored may be lost; the others work. */
    DEGRADED,
    /** Nothing: it cannot be reached, or refuses the node as a whole. */
    DOWN
  }

  /**
   * One thing that is wrong.
   *
   * @param reason a short fixed word, as a label of metrics
   * @param sentence for operators: what is wrong and what to do
   */
  public record Problem(String reason, String sentence) {}

  public BackplaneStatus {
    problems = List.copyOf(problems);
  }
}
