package io.drumline.continuity;

import io.drumline.continuity.Load.Clients;
import io.drumline.continuity.Load.Continuity;
import java.net.URI;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.springframework.core.env.SimpleCommandLinePropertySource;
import tools.jackson.databind.json.JsonMapper;

/**
 * Proves or disproves a running cluster's continuity: publishes numbered messages for a while,
 * whatever happens to the cluster meanwhile, and prints as JSON what subscribers missed, saw twice
 * or saw in the wrong order.
 *
 * <p>{@code --urls=ws://a/ws,ws://b/ws --subscribers=500 --destinations=50 --rate=500 --seconds=30}
 * {@code --body-size=100 --silence-seconds=3 --continuity=resuming|shared|resuming_or_shared|plain
 * --seed=1 --patience-seconds=60}; all but the URLs have these defaults (the seed is random). Ends
 * with 0 where nothing is wrong, with 1 otherwise.
 */
final class ContinuityChecker {
  private final SimpleCommandLinePropertySource options;

  private ContinuityChecker(String... arguments) {
    options = new SimpleCommandLinePropertySource(joined(arguments));
  }

  public static void main(String... arguments) {
    Verdict verdict = new ContinuityChecker(arguments).check();
    System.out.println(
        JsonMapper.builder().build().writerWithDefaultPrettyPrinter().writeValueAsString(verdict));
    System.exit(verdict.clean() ? 0 : 1);
  }

  private Verdict check() {
    Load load =
        new Load(
            Arrays.stream(option("urls", "ws://127.0.0.1:8080/ws").split(","))
                .map(URI::create)
                .toList(),
            number("subscribers", 500),
            number("destinations", 50),
            number("rate", 500),
            number("body-size", 100),
            new Clients(
                Continuity.valueOf(option("continuity", "resuming").toUpperCase(Locale.ROOT)),
                Duration.ofSeconds(number("silence-seconds", 3)),
                Long.parseLong(option("seed", Long.toString(System.nanoTime())))));
    System.err.println("seed " + load.clients().seed());
    try (Run run = Run.start(load)) {
      run.awaitLive().publish().last(Duration.ofSeconds(number("seconds", 30)));
      return Verdict.of(run.finish(Duration.ofSeconds(number("patience-seconds", 60))));
    }
  }

  private int number(String name, int otherwise) {
    return Integer.parseInt(option(name, Integer.toString(otherwise)));
  }

  private String option(String name, String otherwise) {
    String value = options.getProperty(name);
    return value == null ? otherwise : value;
  }

  /** Takes {@code --name value} as {@code --name=value}. */
  private static String[] joined(String... arguments) {
    return String.join(" ", List.of(arguments)).replaceAll("(--[a-z-]+) (?!--)", "$1=").split(" ");
  }
}
