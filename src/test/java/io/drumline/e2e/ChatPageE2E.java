package io.drumline.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.StompClient;
import io.drumline.testing.StompClient.Carriage;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebDriver;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.WindowType;
import org.openqa.selenium.support.ui.WebDriverWait;

/** The chat page in a real browser: one window on each of two nodes. */
final class ChatPageE2E {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private RedisProcess redis;
  private NodeProcess nodeA;
  private NodeProcess nodeB;
  private WebDriver browser;

  @BeforeEach
  void start() {
    redis = new RedisProcess();
    nodeA = NodeProcess.clustered("node-a", redis);
    nodeB = NodeProcess.clustered("node-b", redis);
    nodeA.ready();
    nodeB.ready();
    browser = Browser.start();
  }

  @AfterEach
  void stop() {
    if (browser != null) {
      browser.quit();
    }
    nodeB.close();
    nodeA.close();
    redis.close();
  }

  @Test
  void peopleOnTwoNodesChat() {
    String ada = open(nodeA, nodeA.webSocket());
    awaitText("#status", "node-a");
    String grace = open(nodeB, nodeB.webSocket());
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
  void whatIsNoMessageOfTheChatIsPassedBy() {
    open(nodeA, nodeA.webSocket());
    awaitText("#status", "node-a");
    try (StompClient hostile =
        StompClient.open(nodeA.clientPort(), Carriage.TEXT, "v12.stomp").connect("1.2")) {
      for (String body :
          List.of("null", "no JSON", "{", "[]", "7", "{\"name\":{},\"text\":\"x\"}")) {
        hostile.publishConfirmed("/topic/rooms.lobby", body);
      }
      hostile.publishConfirmed(
          "/topic/rooms.lobby",
          "{\"name\":\"Eve\",\"text\":\"<img src=x onerror=alert(1)>\","
              + "\"time\":\"2026-11-25T00:00:00Z\",\"ref\":null}");
    }
    awaitText(".message .text", "<img src=x onerror=alert(1)>");
    assertThat(browser.findElements(By.cssSelector(".message"))).hasSize(1);
    assertThat(browser.findElements(By.cssSelector(".message img"))).isEmpty();
  }

  @Test
  void aPageMovesToAnotherNodeAndStillReceives() {
    String both = nodeA.webSocket() + "," + nodeB.webSocket();
    String page = open(nodeA, both);
    String first = awaitText("#status", "node-");
    NodeProcess serving = first.contains(nodeA.id()) ? nodeA : nodeB;
    NodeProcess other = serving == nodeA ? nodeB : nodeA;
    String writer = open(other, other.webSocket());
    awaitText("#status", other.id());
    name("Grace");

    serving.kill();

    browser.switchTo().window(page);
    awaitText("#status", other.id());
    browser.switchTo().window(writer);
    write("Still there?");
    browser.switchTo().window(page);
    awaitText(".message .text", "Still there?");
  }

  @Test
  void marksWhatCouldNotBeSentAndSendsItAgain() {
    open(nodeA, nodeA.webSocket());
    awaitText("#status", "node-a");
    name("Ada");
    nodeA.pause();
    write("Are you there?");
    awaitText(".message[data-state=unsent] .text", "Are you there?");
    nodeA.resume();

    awaitText(".message.own .text", "Are you there?");
    WebDriverWait wait = new WebDriverWait(browser, PATIENCE);
    wait.ignoring(StaleElementReferenceException.class)
        .until(
            driver -> {
              driver.findElements(By.cssSelector(".retry")).forEach(WebElement::click);
              return !driver
                  .findElements(By.cssSelector(".message.own[data-state=sent]"))
                  .isEmpty();
            });
    assertThat(browser.findElements(By.cssSelector(".message"))).hasSize(1);
  }

  /** Opens the page of this node in a new window, to connect to these endpoints. */
  private String open(NodeProcess node, String endpoints) {
    browser.switchTo().newWindow(WindowType.WINDOW);
    browser.get(
        node.control("/?endpoints=" + URLEncoder.encode(endpoints, StandardCharsets.UTF_8))
            .toString());
    return browser.getWindowHandle();
  }

  private void name(String name) {
    WebElement field = browser.findElement(By.id("name"));
    field.clear();
    field.sendKeys(name);
  }

  private void write(String text) {
    browser.findElement(By.id("text")).sendKeys(text, Keys.ENTER);
  }

  /** Waits until an element of this kind contains the text; hands back all of its text. */
  private String awaitText(String selector, String text) {
    return new WebDriverWait(browser, PATIENCE)
        .ignoring(StaleElementReferenceException.class)
        .withMessage(() -> selector + " contains " + text)
        .until(
            driver ->
                driver.findElements(By.cssSelector(selector)).stream()
                    .map(WebElement::getText)
                    .filter(shown -> shown.contains(text))
                    .findFirst()
                    .orElse(null));
  }
}
