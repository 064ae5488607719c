package io.drumline.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.StompClient;
import io.drumline.testing.StompClient.Carriage;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.By;
import org.openqa.selenium.Dimension;
import org.openqa.selenium.Keys;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.WindowType;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.support.ui.WebDriverWait;
import org.springframework.security.crypto.bcrypt.BCryptPasswordEncoder;

/** The chat page in a real browser, before three nodes of a cluster. */
final class ChatPageE2E {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** Writes as a person does, with the page's own form: a message every so many milliseconds. */
  private static final String WRITE_MANY =
      """
      const [prefix, count, millis] = arguments;
      const text = document.getElementById('text');
      let next = 0;
      const timer = setInterval(() => {
        text.value = prefix + next++;
        document.getElementById('compose').requestSubmit();
        if (next === count) clearInterval(timer);
      }, millis);
      """;

  private static final String TEXTS =
      "return [...document.querySelectorAll('.message[data-state=sent] .text')]"
          + ".map(each => each.textContent)";

  private static RedisProcess redis;
  private static List<NodeProcess> nodes;
  private static NodeProcess nodeA;
  private static NodeProcess nodeB;
  private static ChromeDriver browser;

  @BeforeAll
  static void start() {
    redis = new RedisProcess();
    nodes =
        Stream.of("node-a", "node-b", "node-c")
            .map(
                id ->
                    NodeProcess.clustered(
                        id,
                        redis,
                        "--drumline.chat.endpoints-in-url=true",
                        "--drumline.destinations[0].pattern=/topic/rooms.short",
                        "--drumline.destinations[0].history.messages=5"))
            .toList();
    nodeA = nodes.get(0);
    nodeB = nodes.get(1);
    browser = Browser.start();
  }

  @AfterAll
  static void stop() {
    if (browser != null) {
      browser.quit();
    }
    nodes.forEach(NodeProcess::close);
    redis.close();
  }

  @BeforeEach
  void reviveNodes() {
    nodes.forEach(NodeProcess::revived);
  }

  /** Pages that are left open come back to each node that a later test kills. */
  @AfterEach
  void closePages() {
    List<String> windows = List.copyOf(browser.getWindowHandles());
    for (String window : windows.subList(1, windows.size())) {
      browser.switchTo().window(window).close();
    }
    browser.switchTo().window(windows.get(0)).navigate().to("about:blank");
  }

  @Test
  void peopleOnTwoNodesChat() {
    String ada = open(nodeA, "talk", nodeA.webSocket());
    awaitText("#status", "node-a");
    String grace = open(nodeB, "talk", nodeB.webSocket());
    awaitText("#status", "node-b");
    name("Grace");

    browser.switchTo().window(ada);
    name("Ada");
    write("Hello <b>Grace</b>");
    awaitText(".message.own[data-state=sent] .text", "Hello <b>Grace</b>");

    browser.switchTo().window(grace);
    awaitText(".message .text", "Hello <b>Grace</b>");
    awaitText(".message .name", "Ada");
    awaitText(".message time", ":");
    assertThat(browser.findElements(By.cssSelector(".message b"))).isEmpty();
  }

  @Test
  void whatIsNoMessageOfTheChatIsIgnored() {
    open(nodeA, "noise", nodeA.webSocket());
    awaitText("#status", "node-a");
    try (StompClient hostile =
        StompClient.open(nodeA.clientPort(), Carriage.TEXT, "v12.stomp").connect("1.2")) {
      for (String body :
          List.of("null", "no JSON", "{", "[]", "7", "{\"name\":{},\"text\":\"x\"}")) {
        hostile.publishConfirmed("/topic/rooms.noise", body);
      }
      hostile.publishConfirmed("/topic/rooms.noise", message("<img src=x onerror=alert(1)>"));
    }
    awaitText(".message .text", "<img src=x onerror=alert(1)>");
    assertThat(browser.findElements(By.cssSelector(".message"))).hasSize(1);
    assertThat(browser.findElements(By.cssSelector(".message img"))).isEmpty();
  }

  @Test
  void everyPageShowsEveryMessageWhileOneNodeIsKilledAndAnotherDrained() {
    try (Balancer nginx = Balancer.start(Balancer.Kind.NGINX_LEAST_CONN, nodes)) {
      List<String> pages = new ArrayList<>();
      for (NodeProcess page : List.of(nodeA, nodeB, nodeA)) {
        pages.add(open(page, "storm", nginx.url().toString()));
        awaitText("#status", "node-");
        name("Ada");
      }
      for (String writer : pages.subList(0, 2)) {
        browser.switchTo().window(writer);
        browser.executeScript(WRITE_MANY, writer + ' ', 100, 40);
      }
      browser.switchTo().window(pages.get(2));
      awaitText(".message .text", pages.get(0) + " 20");
      // The page shows which node serves it: that one is killed.
      NodeProcess killed = servingNode();
      killed.kill();
      awaitText(".message .text", pages.get(0) + " 55");
      NodeProcess drained = servingNode();
      drained.terminate();

      String[] expected =
          pages.subList(0, 2).stream()
              .flatMap(writer -> IntStream.range(0, 100).mapToObj(number -> writer + ' ' + number))
              .toArray(String[]::new);
      List<List<String>> shown = new ArrayList<>();
      for (String page : pages) {
        browser.switchTo().window(page);
        wait("all messages")
            .until(driver -> texts().size() >= expected.length && unsent().isEmpty());
        assertThat(texts()).containsExactlyInAnyOrder(expected);
        assertThat(browser.findElements(By.cssSelector(".gap"))).isEmpty();
        shown.add(texts());
      }
      assertThat(shown.get(2)).containsSubsequence(numbered(pages.get(0), 100));
      assertThat(shown).as("what all pages show").containsOnly(shown.get(2));
    }
  }

  @Test
  void ownMessagesStandWhereAllOthersSeeThem() {
    open(nodeA, "order", nodeA.webSocket());
    awaitText("#status", "node-a");
    name("Ada");
    try (StompClient writer =
        StompClient.open(nodeB.clientPort(), Carriage.TEXT, "v12.stomp").connect("1.2")) {
      nodeA.pause();
      write("mine");
      awaitText(".message.own:not([data-state=sent]) .text", "mine");
      writer.publishConfirmed("/topic/rooms.order", message("theirs"));
    } finally {
      nodeA.resume();
    }
    awaitText(".message .text", "theirs");
    awaitText(".message.own[data-state=sent] .text", "mine");
    assertThat(texts()).containsExactly("theirs", "mine");
  }

  @Test
  void whatCannotBeHadIsShownInItsPlace() {
    open(nodeA, "short", nodeA.webSocket());
    awaitText("#status", "node-a");
    try (StompClient writer =
        StompClient.open(nodeB.clientPort(), Carriage.TEXT, "v12.stomp").connect("1.2")) {
      writer.publishConfirmed("/topic/rooms.short", message("before"));
      awaitText(".message .text", "before");
      nodeA.kill();
      for (int i = 0; i < 400; i++) {
        writer.publishConfirmed("/topic/rooms.short", message("missed " + i));
      }
      writer.publishConfirmed("/topic/rooms.short", message("after"));
      nodeA.revived();
      awaitText(".gap", "older than the history");
      awaitText(".message .text", "after");
      assertThat(texts().get(0)).isEqualTo("before");
    }
  }

  @Test
  void roomsAndTheirPastAreThereAfterAReloadAndForLatecomers() {
    open(nodeA, "past", nodeA.webSocket());
    awaitText("#status", "node-a");
    name("Ada");
    write("Is anybody here?");
    awaitText(".message.own[data-state=sent] .text", "Is anybody here?");
    join("reload");
    write("And here?");
    awaitText(".message.own[data-state=sent] .text", "And here?");

    browser.navigate().refresh();
    awaitText(".message.own .text", "And here?");
    awaitText("#rooms", "past");

    open(nodeB, "past", nodeB.webSocket());
    awaitText(".message .text", "Is anybody here?");
  }

  @Test
  void onAPhoneARoomCanBeJoined() {
    open(nodeA, "phone", nodeA.webSocket());
    Dimension size = browser.manage().window().getSize();
    browser.manage().window().setSize(new Dimension(390, 800));
    try {
      awaitText("#status", "node-a");
      join("pocket");
      awaitText("#room-name", "pocket");
      name("Ada");
      write("From a phone");
      awaitText(".message.own[data-state=sent] .text", "From a phone");
      assertThat(Axe.violations(browser)).isEmpty();
      assertThat(
              (boolean)
                  browser.executeScript(
                      "return document.documentElement.scrollWidth <= innerWidth"))
          .as("no wider than the screen")
          .isTrue();
    } finally {
      browser.manage().window().setSize(size);
    }
  }

  @Test
  void isForEverybody() {
    open(nodeA, "axe", nodeA.webSocket());
    awaitText("#status", "node-a");
    name("Ada");
    write("Hello");
    awaitText(".message.own[data-state=sent] .text", "Hello");
    assertThat(Axe.violationsInBothThemes(browser)).isEmpty();
    browser.findElement(By.id("account")).click();
    assertThat(Axe.violationsInBothThemes(browser)).isEmpty();
  }

  @Test
  void asksForSignInAndDoesNotComeBackWithoutIt() {
    try (NodeProcess guarded =
        NodeProcess.alone(
                "guarded",
                "--drumline.security.users[0].login=ada",
                "--drumline.security.users[0].password="
                    + new BCryptPasswordEncoder(4).encode("sesame"),
                "--drumline.security.rules[0].pattern=/topic/rooms.lobby",
                "--drumline.security.rules[0].subscribe=authenticated",
                "--drumline.chat.rooms=lobby")
            .ready()) {
      open(guarded, "lobby", "ignored where links may not choose the server");
      wait("the dialog").until(driver -> browser.findElement(By.id("sign-in")).isDisplayed());
      signIn("ada", "wrong");
      wait("refused").until(driver -> !reason().isEmpty());
      assertThat(browser.findElement(By.id("reconnect")).isDisplayed()).isTrue();

      signIn("ada", "sesame");
      awaitText("#status", "guarded");
      awaitText("#signed-in", "ada");
      write("It is me");
      awaitText(".message.own[data-state=sent] .text", "It is me");
      assertThat(guarded.upgrades()).as("a final answer is not asked for again").isEqualTo(3);
    }
  }

  @Test
  void whatCouldNotBeSentIsSentWithTheConnectionAndStoredOnce() {
    open(nodeA, "again", nodeA.webSocket());
    awaitText("#status", "node-a");
    name("Ada");
    nodeA.pause();
    write("Are you there?");
    awaitText(".message[data-state=waiting] .text", "Are you there?");
    nodeA.resume();
    awaitText(".message.own[data-state=sent] .text", "Are you there?");

    open(nodeB, "again", nodeB.webSocket());
    awaitText(".message .text", "Are you there?");
    assertThat(browser.findElements(By.cssSelector(".message"))).hasSize(1);
  }

  private static String message(String text) {
    return "{\"name\":\"Eve\",\"text\":\""
        + text
        + "\",\"time\":\"2026-11-25T00:00:00Z\",\"ref\":null}";
  }

  private static List<String> numbered(String prefix, int count) {
    return IntStream.range(0, count).mapToObj(number -> prefix + ' ' + number).toList();
  }

  private NodeProcess servingNode() {
    String status = awaitText("#status", "Served by");
    return nodes.stream().filter(node -> status.contains(node.id())).findFirst().orElseThrow();
  }

  /** Opens the page of this node in a new window, in this room, to connect to these endpoints. */
  private String open(NodeProcess node, String room, String endpoints) {
    browser.switchTo().newWindow(WindowType.WINDOW);
    String query = "/?endpoints=" + URLEncoder.encode(endpoints, StandardCharsets.UTF_8);
    browser.get(node.control(query + '#' + room).toString());
    return browser.getWindowHandle();
  }

  private void join(String room) {
    browser.findElement(By.id("new-room")).sendKeys(room, Keys.ENTER);
    awaitText("#room-name", room);
  }

  private void signIn(String login, String passcode) {
    browser.findElement(By.id("login")).sendKeys(login);
    browser.findElement(By.id("passcode")).sendKeys(passcode, Keys.ENTER);
  }

  private String reason() {
    return browser.findElement(By.id("sign-in-reason")).getText();
  }

  private void name(String name) {
    WebElement field = browser.findElement(By.id("name"));
    field.clear();
    field.sendKeys(name);
  }

  private void write(String text) {
    browser.findElement(By.id("text")).sendKeys(text, Keys.ENTER);
  }

  @SuppressWarnings("unchecked")
  private List<String> texts() {
    return (List<String>) browser.executeScript(TEXTS);
  }

  private List<WebElement> unsent() {
    return browser.findElements(By.cssSelector(".message:not([data-state=sent])"));
  }

  private WebDriverWait wait(String what) {
    WebDriverWait wait = new WebDriverWait(browser, PATIENCE);
    wait.ignoring(StaleElementReferenceException.class).withMessage(what);
    return wait;
  }

  /** Waits until an element of this kind contains the text; hands back all of its text. */
  private String awaitText(String selector, String text) {
    return wait(selector + " contains " + text)
        .until(
            driver ->
                driver.findElements(By.cssSelector(selector)).stream()
                    .map(WebElement::getText)
                    .filter(shown -> shown.contains(text))
                    .findFirst()
                    .orElse(null));
  }
}
