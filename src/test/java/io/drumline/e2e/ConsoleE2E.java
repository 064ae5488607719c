package io.drumline.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.StompClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.By;
import org.openqa.selenium.Dimension;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.support.ui.WebDriverWait;

/** The operators' page in a real browser. */
final class ConsoleE2E {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String KEY = "an-operators-long-random-key";

  private NodeProcess node;
  private ChromeDriver browser;

  @BeforeEach
  void start() throws Exception {
    node =
        NodeProcess.alone(
            "node-c",
            "--drumline.api.keys[0].name=operator",
            "--drumline.api.keys[0].hash=sha256:" + sha256(KEY),
            "--drumline.api.keys[0].scopes=admin");
    node.ready();
    browser = Browser.start();
    browser.manage().window().setSize(new Dimension(1100, 800));
  }

  @AfterEach
  void stop() {
    if (browser != null) {
      browser.quit();
    }
    node.close();
  }

  @Test
  void anOperatorLogsInLooksAndLogsOut() throws Exception {
    try (StompClient client =
        StompClient.open(node.clientPort(), StompClient.Carriage.TEXT, "v12.stomp")
            .connect("1.2")) {
      client.subscribe("1", "/topic/a");
      browser.get(node.control("/console").toString());
      awaitText("#status", "Not logged in");
      assertThat(browser.findElement(By.id("pages")).isDisplayed()).isFalse();

      logIn("another-key");
      awaitText("#login-refusal", "The API key is not right.");
      assertThat(browser.findElement(By.id("pages")).isDisplayed()).isFalse();

      logIn(KEY);
      awaitText("#who-name", "operator");
      awaitText("#status", "Serving");
      awaitText("#node-id", "node-c");
      assertThat(figure("Connections")).isEqualTo("1");
      assertThat(figure("Subscriptions")).isEqualTo("1");
      picture("light");
      theme("dark");
      picture("dark");
    }
    awaitText("#closes", "None since the start.");

    // What another site's page could have the browser send: the cookie, but not the token.
    assertThat(post("/api/v1/publish", Map.of())).isEqualTo(403);
    String token = browser.manage().getCookieNamed("drumline-csrf").getValue();
    assertThat(post("/api/v1/publish", Map.of("x-xsrf-token", token))).isEqualTo(200);
    assertThat((String) browser.executeScript("return document.cookie"))
        .doesNotContain("drumline-console");

    browser.findElement(By.id("logout")).click();
    awaitText("#status", "Not logged in");
    browser.get(node.control("/console/").toString());
    awaitText("#status", "Not logged in");
    assertThat(problems()).isEmpty();
  }

  private void logIn(String key) {
    browser.findElement(By.id("key")).clear();
    browser.findElement(By.id("key")).sendKeys(key);
    browser.findElement(By.cssSelector("#login button")).click();
  }

  private String figure(String name) {
    return browser.findElements(By.cssSelector(".figure")).stream()
        .filter(figure -> figure.findElement(By.tagName("dt")).getText().equals(name))
        .map(figure -> figure.findElement(By.tagName("dd")).getText())
        .findFirst()
        .orElseThrow();
  }

  private long post(String path, Map<String, String> headers) {
    return (long)
        browser.executeAsyncScript(
            "const [path, headers, done] = arguments;"
                + "fetch(path, {method: 'POST', headers: {'content-type': 'application/json',"
                + " ...headers}, body: '{\"destination\":\"/topic/a\",\"body\":\"x\"}'})"
                + ".then(answer => done(answer.status))",
            path,
            headers);
  }

  private void theme(String scheme) {
    browser.executeCdpCommand(
        "Emulation.setEmulatedMedia",
        Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
  }

  /** For people to look at, beside the logs. */
  private void picture(String name) throws IOException {
    Path file = RunningProgram.directory("pictures").resolve("console-" + name + ".png");
    Files.write(file, browser.getScreenshotAs(OutputType.BYTES));
  }

  /** What the browser complains about, such as what the content security policy forbids. */
  private List<String> problems() {
    return browser.manage().logs().get("browser").getAll().stream()
        .map(entry -> entry.getMessage())
        .filter(
            message -> message.contains("Content Security Policy") || message.contains("TypeError"))
        .toList();
  }

  private void awaitText(String selector, String text) {
    new WebDriverWait(browser, PATIENCE)
        .ignoring(StaleElementReferenceException.class)
        .withMessage(() -> selector + " contains " + text)
        .until(driver -> driver.findElement(By.cssSelector(selector)).getText().contains(text));
  }

  private static String sha256(String key) throws Exception {
    return HexFormat.of()
        .formatHex(MessageDigest.getInstance("SHA-256").digest(key.getBytes(UTF_8)));
  }
}
