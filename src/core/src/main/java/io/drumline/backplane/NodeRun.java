package io.drumline.backplane;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * One run of a node: the values that do not change until its process ends. Texts have 1 to 255
 * characters and no control characters.
 *
 * @param incarnation its random name, unique in the cluster and across restarts
 * @param id the node's name, for people
 * @param host name or address at which the cluster reaches its ports
 * @param clientPort TCP port for clients
 * @param controlPort TCP port of the control plane
 * @param version of the software
 * @param started when it began to serve, by its own clock, in milliseconds
 */
public record NodeRun(
    String incarnation,
    String id,
    String host,
    int clientPort,
    int controlPort,
    String version,
    Instant started) {
  /** Maximum characters of a text. */
  public static final int MAX_TEXT = 255;

  /**
   * @throws IllegalArgumentException if a value violates the rules above
   */
  public NodeRun {
    check(isText(incarnation), "an incarnation");
    check(isText(id), "an id");
    check(isText(host), "a host");
    check(isText(version), "a version");
    check(isPort(clientPort) && isPort(controlPort), "two ports");
    check(started != null, "a start");
    started = started.truncatedTo(ChronoUnit.MILLIS);
  }

  private static boolean isText(String text) {
    return text != null
        && !text.isEmpty()
        && text.length() <= MAX_TEXT
        && text.chars().noneMatch(Character::isISOControl);
  }

  private static boolean isPort(int port) {
    return port >= 0 && port <= 65_535;
  }

  private static void check(boolean holds, String what) {
    if (!holds) {
      throw new IllegalArgumentException("The run of a node has " + what + ".");
    }
  }
}
