package io.drumline.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.openqa.selenium.By;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.WindowType;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.support.ui.Select;
import org.openqa.selenium.support.ui.WebDriverWait;

/** The operators' page in a browser, at an address of its own, as an operator uses it. */
final class ConsolePage implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(40);

  private static final String FITS =
      "return document.documentElement.scrollWidth <= document.documentElement.clientWidth";

  /** Each operator is at another address: five attempts to log in are not many. */
  private static final AtomicInteger operators = new AtomicInteger();

  private final ChromeDriver browser;

  private final String address = "203.0.113." + operators.incrementAndGet();

  /** The browser must have one window, as it has when it was started and after {@code close}. */
  ConsolePage(ChromeDriver browser) {
    this.browser = browser;
    size(1100, 800);
    claimAddress();
  }

  /** The options of a node that has this key. */
  static List<String> key(int number, String name, String key, String scope) {
    String prefix = "--drumline.api.keys[%d].".formatted(number);
    return List.of(
        prefix + "name=" + name, prefix + "hash=sha256:" + sha256(key), prefix + "scopes=" + scope);
  }

  private static String sha256(String key) {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(key.getBytes(UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  /** As a proxy would say it, for nodes that believe it. */
  private void claimAddress() {
    browser.executeCdpCommand("Network.enable", Map.of());
    browser.executeCdpCommand(
        "Network.setExtraHTTPHeaders", Map.of("headers", Map.of("X-Forwarded-For", address)));
  }

  ChromeDriver browser() {
    return browser;
  }

  ConsolePage open(NodeProcess node) {
    browser.get(node.control("/console/").toString());
    return this;
  }

  /** Another tab with the page of this node, in front; hands back the one that was. */
  String openTab(NodeProcess node) {
    String before = browser.getWindowHandle();
    browser.switchTo().newWindow(WindowType.TAB);
    claimAddress();
    open(node);
    return before;
  }

  ConsolePage logIn(String key) {
    awaitText("#status", "Not logged in");
    type("key", key);
    browser.findElement(By.cssSelector("#login button")).click();
    return this;
  }

  ConsolePage type(String id, String text) {
    WebElement field = browser.findElement(By.id(id));
    field.clear();
    field.sendKeys(text);
    return this;
  }

  ConsolePage choose(String id, String option) {
    new Select(browser.findElement(By.id(id))).selectByVisibleText(option);
    return this;
  }

  ConsolePage press(String selector) {
    waiting(selector + " can be pressed")
        .until(
            driver -> {
              WebElement button = driver.findElement(By.cssSelector(selector));
              if (!button.isDisplayed()) {
                return false;
              }
              button.click();
              return true;
            });
    return this;
  }

  /** Answers the question, which must contain this. */
  void answer(String question, String answer) {
    awaitText("#ask", question);
    browser.findElement(By.xpath("//dialog//button[.='" + answer + "']")).click();
    awaitGone("#ask");
  }

  /** Fills in the form, presses its button and says yes. */
  void expel(String kind, String name, String deed, String reason) {
    awaitShown("#revoke");
    choose("revoke-kind", kind).type("revoke-value", name).choose("revoke-time", deed);
    type("revoke-reason", reason).press("#revoke-submit");
    String yes = deed.startsWith("Kick") ? "Kick" : "Block";
    answer(name + "?", yes);
  }

  /** Presses keys, wherever the focus is. */
  void keys(CharSequence... keys) {
    new Actions(browser).sendKeys(keys).perform();
  }

  /** The text of what has the focus. */
  String focused() {
    return browser.switchTo().activeElement().getText();
  }

  String field(String id) {
    return browser.findElement(By.id(id)).getDomProperty("value");
  }

  /** As if the sessions had ended. */
  void forgetLogin() {
    browser.manage().getCookies().stream()
        .filter(cookie -> cookie.getName().startsWith("drumline-console"))
        .forEach(browser.manage()::deleteCookie);
  }

  String figure(String name) {
    return browser
        .findElement(By.xpath("//div[@class='figure'][dt='" + name + "']/dd"))
        .getText()
        .strip();
  }

  boolean shown(String selector) {
    return browser.findElements(By.cssSelector(selector)).stream()
        .anyMatch(WebElement::isDisplayed);
  }

  ConsolePage awaitText(String selector, String text) {
    waiting(selector + " contains " + text)
        .until(driver -> driver.findElement(By.cssSelector(selector)).getText().contains(text));
    return this;
  }

  private void awaitShown(String selector) {
    waiting(selector + " is shown").until(driver -> shown(selector));
  }

  void awaitGone(String selector) {
    waiting(selector + " is gone").until(driver -> !shown(selector));
  }

  /** The row whose first cell begins with this has a cell with that, under any title. */
  ConsolePage awaitCell(String table, String row, String cell) {
    waiting("%s of %s in %s".formatted(cell, row, table))
        .until(
            driver ->
                driver.findElements(By.cssSelector(table + " tbody tr")).stream()
                    .filter(each -> each.getText().startsWith(row))
                    .anyMatch(
                        each ->
                            each.findElements(By.tagName("td")).stream()
                                .anyMatch(found -> found.getText().equals(cell))));
    return this;
  }

  void awaitFigure(String name, String value) {
    waiting(name + " is " + value).until(driver -> figure(name).equals(value));
  }

  private WebDriverWait waiting(String what) {
    WebDriverWait wait = new WebDriverWait(browser, PATIENCE);
    wait.ignoring(StaleElementReferenceException.class).withMessage(() -> what);
    return wait;
  }

  /** The status of a request that the page did not make by itself. */
  long request(String method, String path, Map<String, String> headers, String json) {
    return (long)
        browser.executeAsyncScript(
            "const [method, path, headers, body, done] = arguments;"
                + "fetch(path, {method, headers: {'content-type': 'application/json',"
                + " ...headers}, body}).then(answer => done(answer.status))",
            method,
            path,
            headers,
            json);
  }

  void theme(String scheme) {
    Axe.theme(browser, scheme);
  }

  void size(int width, int height) {
    browser.executeCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
  }

  /** For people to look at, beside the logs: the whole page, in both themes and two widths. */
  void pictures(String name) {
    for (int width : new int[] {1100, 400}) {
      for (String scheme : List.of("light", "dark")) {
        size(width, (int) (long) browser.executeScript("return document.body.scrollHeight"));
        size(width, (int) (long) browser.executeScript("return document.body.scrollHeight"));
        theme(scheme);
        picture(name + '-' + width + '-' + scheme);
      }
    }
    size(1100, 800);
  }

  private void picture(String name) {
    Path file = RunningProgram.directory("pictures").resolve("console-" + name + ".png");
    try {
      Files.write(file, browser.getScreenshotAs(OutputType.BYTES));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What axe finds that keeps people from using the page as it is shown now, in both themes. */
  void isForEverybody() {
    for (String scheme : List.of("light", "dark")) {
      theme(scheme);
      assertThat(Axe.violations(browser)).as(scheme).isEmpty();
      assertThat((boolean) browser.executeScript(FITS)).as("no wider than the screen").isTrue();
    }
  }

  /** What the browser complains about, such as what the content security policy forbids. */
  List<String> problems() {
    return browser.manage().logs().get("browser").getAll().stream()
        .map(entry -> entry.getMessage())
        .filter(
            message -> message.contains("Content Security Policy") || message.contains("TypeError"))
        .toList();
  }

  /** Leaves the browser to the next operator, with one new window and without cookies. */
  @Override
  public void close() {
    Set<String> windows = browser.getWindowHandles();
    browser.switchTo().newWindow(WindowType.TAB);
    String left = browser.getWindowHandle();
    for (String window : windows) {
      browser.switchTo().window(window).close();
    }
    browser.switchTo().window(left);
    browser.executeCdpCommand("Network.clearBrowserCookies", Map.of());
  }
}
