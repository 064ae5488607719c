package io.drumline.security;

import io.drumline.message.Destination;
import io.drumline.security.SecurityProperties.Rule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Authorizes clients to use destinations. The first rule whose pattern covers a destination
 * decides; without one, the action is denied. Immutable; any thread. A decision takes time linear
 * in the rules and the destination, and allocates nothing for rules without claims.
 *
 * <p>Built-in rules follow the configured ones. If authentication or rules are configured, users
 * may subscribe to their own {@code /user/**} and use the application's {@code /app/**}, whose code
 * is written to be called by them; topics must be granted by a rule. If all clients are anonymous
 * and there are no rules, everything is allowed.
 */
public final class DestinationPolicy {

  /** A client's action. */
  public enum Action {
    SEND,
    SUBSCRIBE
  }

  /** Prefixes of the broker's destinations; all others are the application's. */
  private static final List<String> BROKERS =
      Arrays.stream(Destination.Kind.values()).map(Destination.Kind::prefix).toList();

  private static final List<String> AUTHENTICATED = List.of("authenticated");
  private static final List<String> ANYONE = List.of("anyone");
  private static final List<String> NOBODY = List.of();

  private record Decision(
      PolicyPattern pattern, List<Grant> send, List<Grant> subscribe, List<Grant> always) {

    static Decision of(Rule rule) {
      return new Decision(
          PolicyPattern.parse(rule.pattern()),
          Grant.parse(rule.send()),
          Grant.parse(rule.subscribe()),
          Grant.parse(rule.always()));
    }

    boolean allows(Identity who, Action action, String destination) {
      List<Grant> granted = action == Action.SEND ? send : subscribe;
      return (includes(granted, who) && pattern.fits(destination, who)) || includes(always, who);
    }

    private static boolean includes(List<Grant> grants, Identity who) {
      for (int i = 0; i < grants.size(); i++) {
        if (grants.get(i).includes(who)) {
          return true;
        }
      }
      return false;
    }
  }

  private final List<Decision> decisions;

  public DestinationPolicy(SecurityProperties properties) {
    List<Rule> rules = new ArrayList<>(properties.rules());
    if (rules.isEmpty() && !properties.authentication()) {
      rules.add(new Rule("/**", ANYONE, ANYONE, NOBODY));
    } else {
      rules.add(new Rule("/user/{user}/**", NOBODY, AUTHENTICATED, NOBODY));
      rules.add(new Rule("/app/**", AUTHENTICATED, AUTHENTICATED, NOBODY));
    }
    decisions = rules.stream().map(Decision::of).toList();
  }

  /**
   * Whether the client may do this.
   *
   * @param destination in the cluster's spelling ({@code Destination.value()}), or one of the
   *     application's, such as {@code /app/x}
   */
  public boolean allows(Identity who, Action action, String destination) {
    if (!isBrokers(destination) && ambiguous(destination)) {
      return false;
    }
    for (int i = 0; i < decisions.size(); i++) {
      Decision decision = decisions.get(i);
      if (decision.pattern().covers(destination)) {
        return decision.allows(who, action, destination);
      }
    }
    return false;
  }

  private static boolean isBrokers(String destination) {
    for (int i = 0; i < BROKERS.size(); i++) {
      if (destination.startsWith(BROKERS.get(i))) {
        return true;
      }
    }
    return false;
  }

  /**
   * Spring's path matcher skips empty segments: {@code /app//x} would reach the code behind {@code
   * /app/x} and bypass a rule for it.
   */
  private static boolean ambiguous(String destination) {
    return destination.contains("//") || destination.contains("..") || destination.endsWith("/");
  }
}
