package io.drumline.security;

import static io.drumline.security.DestinationPolicy.Action.SEND;
import static io.drumline.security.DestinationPolicy.Action.SUBSCRIBE;
import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.message.Destination;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DestinationPolicyTest {
  private static final Identity ANN = member("ann", "red", "editor");
  private static final Identity BOB = member("bob", "blue", "reader");
  private static final Identity ADMIN = member("root", "", "admin");
  private static final String[] SECRET = {"jwt.secret", TokenMaker.SECRET};

  private static Identity member(String name, Object team, String role) {
    return new Identity(
        name, Set.of(role), Set.of(role + ".all"), Map.of("team", team), null, null);
  }

  /** With tokens, and these settings of the first rule. */
  private static DestinationPolicy rule(String... settings) {
    String[] all = new String[settings.length + 2];
    System.arraycopy(SECRET, 0, all, 0, 2);
    for (int i = 0; i < settings.length; i += 2) {
      all[i + 2] = settings[i].startsWith("rules") ? settings[i] : "rules[0]." + settings[i];
      all[i + 3] = settings[i + 1];
    }
    return new DestinationPolicy(Settings.of(all));
  }

  @Test
  void leavesEverythingOpenWhereNobodyCanSayWhoTheyAre() {
    DestinationPolicy policy = new DestinationPolicy(Settings.of());
    assertThat(policy.allows(Identity.ANONYMOUS, SEND, "/topic/a")).isTrue();
    assertThat(policy.allows(Identity.ANONYMOUS, SUBSCRIBE, "/topic/a/b")).isTrue();
    assertThat(policy.allows(Identity.named("ann"), SEND, "/app/x")).isTrue();
  }

  @Test
  void grantsOnlyOnesOwnAndTheApplicationOnceClientsCanSayWhoTheyAre() {
    DestinationPolicy policy = new DestinationPolicy(Settings.of(SECRET));
    assertThat(policy.allows(ANN, SUBSCRIBE, "/user/ann/queue/x")).isTrue();
    assertThat(policy.allows(ANN, SEND, "/app/x")).isTrue();
    assertThat(policy.allows(ANN, SUBSCRIBE, "/app/x")).isTrue();

    assertThat(policy.allows(ANN, SEND, "/user/ann/queue/x")).isFalse();
    assertThat(policy.allows(ANN, SUBSCRIBE, "/user/bob/queue/x")).isFalse();
    assertThat(policy.allows(ANN, SUBSCRIBE, "/topic/a")).isFalse();
    assertThat(policy.allows(ANN, SEND, "/topic/a")).isFalse();
    assertThat(policy.allows(ANN, SEND, "/ephemeral/a")).isFalse();
    assertThat(policy.allows(Identity.ANONYMOUS, SEND, "/app/x")).isFalse();
    assertThat(policy.allows(Identity.ANONYMOUS, SUBSCRIBE, "/user//queue/x")).isFalse();
  }

  @Test
  void deniesByDefaultOnceThereAreRules() {
    DestinationPolicy policy =
        new DestinationPolicy(
            Settings.of("rules[0].pattern", "/topic/news/**", "rules[0].subscribe", "anyone"));
    assertThat(policy.allows(Identity.ANONYMOUS, SUBSCRIBE, "/topic/news/a")).isTrue();
    assertThat(policy.allows(Identity.ANONYMOUS, SEND, "/topic/news/a")).isFalse();
    assertThat(policy.allows(Identity.ANONYMOUS, SUBSCRIBE, "/topic/other")).isFalse();
  }

  @Test
  void decidesByRoleScopeAndClaim() {
    DestinationPolicy policy =
        rule(
            "pattern", "/topic/a",
            "send", "role:editor",
            "subscribe", "scope:reader.all,claim:team=red");
    assertThat(policy.allows(ANN, SEND, "/topic/a")).isTrue();
    assertThat(policy.allows(BOB, SEND, "/topic/a")).isFalse();
    assertThat(policy.allows(ANN, SUBSCRIBE, "/topic/a")).isTrue();
    assertThat(policy.allows(BOB, SUBSCRIBE, "/topic/a")).isTrue();
    assertThat(policy.allows(ADMIN, SUBSCRIBE, "/topic/a")).isFalse();
    assertThat(policy.allows(Identity.ANONYMOUS, SUBSCRIBE, "/topic/a")).isFalse();
  }

  @Test
  void decidesByWhatIsInThePlaceOfAClaim() {
    DestinationPolicy policy =
        rule(
            "pattern", "/topic/team.{claim:team}.x/**",
            "subscribe", "authenticated",
            "send", "role:editor",
            "always", "role:admin",
            "rules[1].pattern", "/topic/**",
            "rules[1].subscribe", "authenticated");
    assertThat(policy.allows(ANN, SUBSCRIBE, "/topic/team.red.x/a/b")).isTrue();
    assertThat(policy.allows(ANN, SUBSCRIBE, "/topic/team.red.x")).isTrue();
    assertThat(policy.allows(ANN, SEND, "/topic/team.red.x/a")).isTrue();
    assertThat(policy.allows(member("joe", "red", "reader"), SEND, "/topic/team.red.x")).isFalse();
    assertThat(policy.allows(ADMIN, SEND, "/topic/team.red.x/a")).isTrue();

    // the wider rule behind it does not let others in
    assertThat(policy.allows(BOB, SUBSCRIBE, "/topic/team.red.x/a")).isFalse();
    assertThat(policy.allows(BOB, SUBSCRIBE, "/topic/elsewhere")).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/topic/team.RED",
        "/topic/team.",
        "/topic/team.red.",
        "/topic/team.redd",
        "/topic/team.re",
        "/topic/team.%72ed",
        "/topic/team.{claim:team}",
        "/topic/team.*",
        "/topic//team.red",
        "/topic/./team.red",
        "/topic/x/../team.red",
        "/topic/team.red/",
        "topic/team.red",
        "/TOPIC/team.red",
      })
  void matchesLiterally(String destination) {
    DestinationPolicy policy =
        rule("pattern", "/topic/team.{claim:team}", "subscribe", "authenticated");
    assertThat(policy.allows(ANN, SUBSCRIBE, "/topic/team.red")).isTrue();
    assertThat(policy.allows(ANN, SUBSCRIBE, destination)).isFalse();
  }

  /** As the chat names its rooms; a rule before it still decides for a single one. */
  @Test
  void grantsAllRoomsOfTheChatByOneRule() {
    DestinationPolicy policy =
        rule(
            "pattern", "/topic/rooms.staff",
            "subscribe", "role:admin",
            "rules[1].pattern", "/topic/rooms.*",
            "rules[1].subscribe", "authenticated");
    assertThat(policy.allows(ANN, SUBSCRIBE, "/topic/rooms.lobby")).isTrue();
    assertThat(policy.allows(ANN, SUBSCRIBE, "/topic/rooms.a.b")).isTrue();
    assertThat(policy.allows(ANN, SEND, "/topic/rooms.lobby")).isFalse();
    assertThat(policy.allows(ANN, SUBSCRIBE, "/topic/rooms.staff")).isFalse();
    assertThat(policy.allows(ADMIN, SUBSCRIBE, "/topic/rooms.staff")).isTrue();
    assertThat(policy.allows(ANN, SUBSCRIBE, "/topic/rooms.")).isFalse();
    assertThat(policy.allows(ANN, SUBSCRIBE, "/topic/rooms.lobby/x")).isFalse();
    assertThat(policy.allows(ANN, SUBSCRIBE, "/topic/roomsX")).isFalse();
    assertThat(policy.allows(Identity.ANONYMOUS, SUBSCRIBE, "/topic/rooms.lobby")).isFalse();
  }

  @Test
  void takesAnyOfSeveralValuesAndNeverAnEmptyOne() {
    DestinationPolicy policy =
        rule("pattern", "/topic/team.{claim:team}", "subscribe", "authenticated");
    Identity both = member("eve", List.of("red", "blue"), "x");
    assertThat(policy.allows(both, SUBSCRIBE, "/topic/team.red")).isTrue();
    assertThat(policy.allows(both, SUBSCRIBE, "/topic/team.blue")).isTrue();
    assertThat(policy.allows(ADMIN, SUBSCRIBE, "/topic/team.")).isFalse();
    assertThat(policy.allows(member("eve", Map.of("a", 1), "x"), SUBSCRIBE, "/topic/team.a"))
        .isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"ann", "a/b", "100%", "a%2Fb", "%2F", "../bob", "ann bob"})
  void letsUsersHearTheirOwnHoweverTheyAreCalled(String name) {
    DestinationPolicy policy = new DestinationPolicy(Settings.of(SECRET));
    Destination own = Destination.ofUser(name, "/queue/x");
    assertThat(policy.allows(Identity.named(name), SUBSCRIBE, own.value())).isTrue();
    assertThat(policy.allows(Identity.named("eve"), SUBSCRIBE, own.value())).isFalse();
    assertThat(policy.allows(Identity.named("a"), SUBSCRIBE, own.value())).isFalse();
  }

  @Test
  void letsTheFirstRuleThatCoversDecide() {
    DestinationPolicy policy =
        rule(
            "pattern", "/topic/a/secret",
            "subscribe", "role:admin",
            "rules[1].pattern", "/topic/a/**",
            "rules[1].subscribe", "authenticated",
            "rules[2].pattern", "/app/**",
            "rules[2].send", "role:admin");
    assertThat(policy.allows(ANN, SUBSCRIBE, "/topic/a/secret")).isFalse();
    assertThat(policy.allows(ADMIN, SUBSCRIBE, "/topic/a/secret")).isTrue();
    assertThat(policy.allows(ANN, SUBSCRIBE, "/topic/a/b")).isTrue();
    assertThat(policy.allows(ANN, SEND, "/app/x")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/app//admin/x", "/app/../app/admin", "/app/admin/", "/app/a/..", "/app//"})
  void refusesSpellingsThatSpringWouldReadAsOthers(String destination) {
    DestinationPolicy policy =
        rule(
            "pattern", "/app/admin/**",
            "send", "role:admin",
            "rules[1].pattern", "/app/**",
            "rules[1].send", "authenticated");
    assertThat(policy.allows(ANN, SEND, "/app/x")).isTrue();
    assertThat(policy.allows(ANN, SEND, destination)).isFalse();
  }

  @Test
  void refusesThemWhateverTheApplicationsPrefixIs() {
    DestinationPolicy policy =
        rule(
            "pattern", "/svc/admin/**",
            "send", "role:admin",
            "rules[1].pattern", "/svc/**",
            "rules[1].send", "authenticated");
    assertThat(policy.allows(ANN, SEND, "/svc/x")).isTrue();
    assertThat(policy.allows(ANN, SEND, "/svc//admin/x")).isFalse();
  }
}
