package io.drumline.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.nimbusds.jwt.JWTClaimsSet;
import io.drumline.security.TokenMaker;
import io.drumline.testing.StompClient;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;

/** Whatever can be pressed on the operators' page, in a real browser before a cluster of two. */
final class ConsoleClusterE2E {
  private static final String ADMIN = "an-operators-long-random-key";
  private static final String READ = "a-watchers-long-random-key";
  private static final int REVOKED = 4011;
  private static final int KICKED = 4012;

  private static RedisProcess redis;

  /** It waits long before it closes anybody. */
  private static NodeProcess nodeA;

  /** It drains at once. */
  private static NodeProcess nodeB;

  private static ChromeDriver browser;

  private final String user = "u-" + UUID.randomUUID();
  private final String clientId = "c-" + UUID.randomUUID();
  private final String jti = "t-" + UUID.randomUUID();
  private final List<StompClient> clients = new ArrayList<>();
  private ConsolePage page;

  @BeforeAll
  static void startCluster() {
    redis = new RedisProcess();
    nodeA = node("node-a", "--drumline.drain.grace=10m");
    nodeB = node("node-b");
    browser = Browser.start();
    nodeA.ready();
    nodeB.ready();
  }

  private static NodeProcess node(String id, String... more) {
    return NodeProcess.clustered(
        id,
        redis,
        Stream.of(
                ConsolePage.key(0, "operator", ADMIN, "admin").stream(),
                ConsolePage.key(1, "watcher", READ, "read").stream(),
                Stream.of(
                    "--drumline.security.jwt.secret=" + TokenMaker.SECRET,
                    "--drumline.node.renewal=1s",
                    "--server.forward-headers-strategy=native"),
                Stream.of(more))
            .flatMap(arguments -> arguments)
            .toArray(String[]::new));
  }

  @AfterAll
  static void stopCluster() {
    if (browser != null) {
      browser.quit();
    }
    nodeB.close();
    nodeA.close();
    redis.close();
  }

  @BeforeEach
  void openPage() {
    page = new ConsolePage(browser);
  }

  @AfterEach
  void stop() {
    clients.forEach(StompClient::close);
    page.close();
  }

  @Test
  void showsBothNodesWithTheirClients() {
    connect(nodeA);
    connect(nodeB);
    connect(nodeB);
    page.open(nodeA).logIn(ADMIN);
    page.awaitCell("#nodes", "node-a (this one)", "1");
    page.awaitCell("#nodes", "node-b", "2");
    page.awaitCell("#nodes", "node-b", "Serving");
    assertThat(page.figure("Connections")).isEqualTo("1");
    assertThat(page.figure("Published")).isEqualTo("0 a second");

    page.press("#nodes a").awaitText("#status", "Not logged in");
    page.logIn(ADMIN).awaitCell("#nodes", "node-b (this one)", "2");
  }

  @ParameterizedTest
  @ValueSource(strings = {"User", "Session or client-id", "Token (jti)"})
  void kicksAcrossTheCluster(String kind) {
    StompClient here = connect(nodeA);
    StompClient there = kind.startsWith("Session") ? here : connect(nodeB);
    page.open(nodeA).logIn(ADMIN);

    page.expel(kind, name(kind), "Kick: may come back", "Update");

    page.awaitText("#notices", name(kind) + " was kicked.");
    Stream.of(here, there)
        .distinct()
        .forEach(client -> expelled(client, KICKED, "You were disconnected. Update"));
    connect(nodeB);
    page.awaitText("#closes", "kicked");
    assertThat(page.field("revoke-value")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"User", "Session or client-id", "Token (jti)"})
  void blocksAcrossTheClusterAndLetsInAgain(String kind) {
    StompClient there = connect(nodeB);
    page.open(nodeA).logIn(ADMIN);

    page.expel(kind, name(kind), "Block for 1 hour", "Spam");

    page.awaitText("#notices", name(kind) + " is blocked until");
    assertThat(there.expect("ERROR").header("message")).isNotBlank();
    assertThat(there.expectClose()).isEqualTo(REVOKED);
    assertThat(refusedBy(nodeA)).isEqualTo(REVOKED);
    page.awaitCell("#revocations", name(kind), "Spam");

    page.openTab(nodeB);
    page.logIn(ADMIN).awaitCell("#revocations", name(kind), "Spam");
    page.press("#revocations tr[data-key$='" + name(kind) + "'] button")
        .awaitText("#notices", name(kind) + " may connect again.");
    page.awaitGone("#revocations tr[data-key$='" + name(kind) + "']");
    connect(nodeA);
    assertThat(page.browser().switchTo().activeElement().getText()).isEqualTo("Kick and block");
  }

  @Test
  void doesNothingUnlessItIsConfirmed() {
    StompClient client = connect(nodeA);
    page.open(nodeA).logIn(ADMIN).awaitText("#status", "Serving");
    page.type("revoke-value", user).press("#revoke-submit").answer(user, "Cancel");
    page.press("#revoke-submit").awaitText("#ask", user);
    page.browser().switchTo().activeElement().sendKeys(Keys.ESCAPE);
    page.awaitGone("#ask");
    page.press("#drain").answer("Drain this node?", "Cancel");

    client.command("DISCONNECT", "receipt:still-here");
    client.expect("RECEIPT", "receipt-id:still-here");
    assertThat(page.field("revoke-value")).isEqualTo(user);
    page.awaitText("#status", "Serving");
  }

  @Test
  void drainsANodeAndHasItServeAgain() {
    StompClient client = connect(nodeA);
    page.open(nodeA).logIn(ADMIN).awaitText("#status", "Serving");
    page.press("#drain").answer("closes the sockets it has", "Drain");

    page.awaitText("#status", "Draining");
    page.awaitText("#drain-progress", "it closes its sockets: 1 open");
    page.awaitCell("#nodes", "node-a", "Draining");
    awaitHealth(nodeA, 503);
    page.pictures("draining");
    page.openTab(nodeB);
    page.logIn(ADMIN).awaitCell("#nodes", "node-a", "Draining");
    page.open(nodeA).press("#serve").awaitText("#status", "Serving");
    page.awaitText("#notices", "The node serves again.");

    awaitHealth(nodeA, 200);
    client.command("DISCONNECT", "receipt:still-here");
    client.expect("RECEIPT", "receipt-id:still-here");
  }

  @Test
  void showsANodeThatHasDrained() {
    StompClient client = connect(nodeB);
    page.open(nodeB).logIn(ADMIN);
    page.press("#drain").answer("Drain this node?", "Drain");

    page.awaitText("#status", "Drained");
    page.awaitText("#drain-progress", "Takes no new clients, and has none.");
    assertThat(client.expectClose()).isEqualTo(1001);
    page.awaitText("#closes", "going away");
    page.press("#serve").awaitText("#status", "Serving");
    awaitHealth(nodeB, 200);
    connect(nodeB);
  }

  @Test
  void aKeyWithoutAdminSeesAndIsToldThatItCannotAct() {
    connect(nodeB);
    page.open(nodeA).logIn(READ).awaitText("#who-name", "watcher");
    page.awaitCell("#nodes", "node-b", "1");
    page.awaitText("#looking", "log in with a key that has the scope admin");
    page.awaitText("#revocations-section", "shown to keys with the scope admin");
    assertThat(page.shown("#drain")).isFalse();
    assertThat(page.shown("#revoke")).isFalse();

    Map<String, String> token =
        Map.of("x-xsrf-token", page.browser().manage().getCookieNamed("drumline-csrf").getValue());
    assertThat(page.request("POST", "/actuator/drain", token, "")).isEqualTo(403);
    String kick = "{\"user\":\"%s\",\"action\":\"kick\"}".formatted(user);
    assertThat(page.request("POST", "/api/v1/revocations", token, kick)).isEqualTo(403);
    page.isForEverybody();
    page.pictures("read");
  }

  @Test
  void saysWhatTheServerRefuses() {
    page.open(nodeA).logIn(ADMIN).awaitText("#status", "Serving");
    page.press("#revoke-submit").awaitText("#revoke-refusal", "Enter a name or an id.");
    page.type("revoke-reason", "why ".repeat(33));
    page.type("revoke-value", user).press("#revoke-submit").answer(user, "Kick");
    page.awaitText("#revoke-refusal", "The reason may have 128 characters");
    WebElement focused = page.browser().switchTo().activeElement();
    assertThat(focused.getDomAttribute("id")).isEqualTo("revoke-reason");
    assertThat(focused.getDomAttribute("aria-invalid")).isEqualTo("true");
    assertThat(page.field("revoke-value")).isEqualTo(user);
    page.isForEverybody();

    page.type("revoke-reason", "short").press("#revoke-submit").answer(user, "Kick");
    page.awaitText("#notices", "Nobody is connected as");
    assertThat(page.browser().findElement(By.id("revoke-refusal")).getText()).isEmpty();
    page.press("#notices button").awaitGone("#notices .notice");
  }

  @Test
  void showsWhatIsKnownWhileRedisIsAway() {
    page.open(nodeA).logIn(ADMIN).awaitText("#status", "Serving");
    redis.pause();
    try {
      page.awaitText("#status", "Redis is unavailable");
      page.awaitText("#nodes-note", "all may be otherwise now");
      page.awaitText("#nodes", "node-b");
      page.type("revoke-value", user).press("#revoke-submit").answer(user, "Kick");
      page.awaitText("#revoke-refusal", "backplane");
      assertThat(page.shown("[aria-invalid]")).isFalse();
      page.pictures("outage");
    } finally {
      redis.resume();
    }
    page.awaitText("#status", "Serving");
    page.awaitGone("#nodes-note");
  }

  @Test
  void asksForTheKeyAgainWhenTheLoginHasEnded() {
    page.open(nodeB).logIn(ADMIN).awaitText("#status", "Serving");
    nodeB.kill();
    page.awaitText("#status", "The node does not answer.");
    assertThat(page.shown("#pages")).isTrue();
    nodeB.restart();
    nodeB.ready();

    page.awaitText("#login-why", "Your login has ended: log in again.");
    page.isForEverybody();
    page.logIn(ADMIN).awaitText("#status", "Serving");
  }

  @Test
  void anActionAfterTheLoginHasEndedAsksForTheKey() {
    page.open(nodeA).logIn(ADMIN).awaitText("#status", "Serving");
    page.press("#drain").awaitText("#ask", "Drain this node?");
    page.forgetLogin();
    page.awaitText("#login-why", "Your login has ended: log in again.");
    assertThat(page.shown("#ask")).isFalse();
    page.logIn(ADMIN).awaitText("#status", "Serving");
  }

  @Test
  void tabsOfOneBrowserShareALogin() {
    page.open(nodeA).logIn(ADMIN).awaitText("#who-name", "operator");
    String first = page.openTab(nodeA);
    page.awaitText("#who-name", "operator");
    page.press("#logout").awaitText("#status", "Not logged in");
    page.logIn(READ).awaitText("#who-name", "watcher");

    page.browser().switchTo().window(first);
    page.awaitText("#who-name", "watcher");
    page.awaitGone("#revoke");
    page.press("#logout").awaitText("#status", "Not logged in");
  }

  @Test
  void tabsOfTwoNodesDoNotLogEachOtherOut() {
    page.open(nodeA).logIn(ADMIN).awaitText("#status", "Serving");
    String first = page.openTab(nodeB);
    page.logIn(READ).awaitText("#who-name", "watcher");

    page.browser().switchTo().window(first);
    page.browser().navigate().refresh();
    page.awaitText("#who-name", "operator");
    page.expel("User", user, "Kick: may come back", "");
    page.awaitText("#notices", "Nobody is connected as");
  }

  @Test
  void everythingCanBeDoneByKeyboardWhileThePageLooksAgain() {
    page.open(nodeA).logIn(ADMIN).awaitText("#status", "Serving");
    page.awaitText("#nodes", "node-b");
    StompClient client = connect(nodeA);
    page.browser().findElement(By.id("revoke-kind")).sendKeys("u", Keys.TAB, user);
    page.keys(Keys.TAB, "bb", Keys.TAB, "Noise", Keys.TAB);
    assertThat(page.focused()).isEqualTo("Block");
    page.keys(Keys.ENTER);
    page.awaitText("#ask", "Block the user " + user + "?");
    assertThat(page.focused()).isEqualTo("Cancel");
    page.keys(Keys.TAB, Keys.ENTER);
    expelled(client, REVOKED, "You are blocked. Noise");

    page.awaitCell("#revocations", user, "Noise");
    page.press("#revoke-value");
    page.keys(Keys.TAB, Keys.TAB, Keys.TAB, Keys.TAB);
    assertThat(page.focused()).isEqualTo("Let in again");
    page.awaitFigure("Connections", "0");
    clients.add(open(nodeA)); // which the page sees when it looks again
    page.awaitFigure("Connections", "1");
    assertThat(page.focused()).isEqualTo("Let in again");
    page.isForEverybody();
    page.pictures("cluster");
    page.size(400, 800);
    page.isForEverybody();
    page.keys(Keys.ENTER);
    page.awaitText("#notices", user + " may connect again.");
    connect(nodeA);
  }

  private static void awaitHealth(NodeProcess node, int status) {
    await().atMost(Duration.ofSeconds(20)).until(() -> node.healthz() == status);
  }

  private String name(String kind) {
    return kind.equals("User") ? user : kind.startsWith("Token") ? jti : clientId;
  }

  private static StompClient open(NodeProcess node) {
    return StompClient.open(node.clientPort(), StompClient.Carriage.TEXT, "v12.stomp");
  }

  private StompClient connect(NodeProcess node) {
    StompClient client = open(node);
    String id = clients.isEmpty() ? clientId : clientId + '-' + clients.size();
    clients.add(client);
    return client.connect("1.2", "client-id:" + id, bearer());
  }

  private String bearer() {
    return "Authorization:Bearer "
        + TokenMaker.hmac(
            new JWTClaimsSet.Builder()
                .subject(user)
                .jwtID(jti)
                .expirationTime(Date.from(Instant.now().plusSeconds(600))));
  }

  /** The code with which a client is turned away that comes back. */
  private int refusedBy(NodeProcess node) {
    try (StompClient client = open(node)) {
      client.send(
          "CONNECT\naccept-version:1.2\nhost:h\nclient-id:%s\n%s\n\n\0"
              .formatted(clientId, bearer()));
      client.expect("ERROR");
      return client.expectClose();
    }
  }

  private static void expelled(StompClient client, int code, String sentence) {
    assertThat(client.expect("ERROR").header("message")).isEqualTo(sentence);
    assertThat(client.expectClose()).isEqualTo(code);
  }
}
