package io.drumline.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.StompClient;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.chrome.ChromeDriver;

/** The operators' page of a node by itself, in a real browser. */
final class ConsoleE2E {
  private static final String KEY = "an-operators-long-random-key";
  private static final String PUBLICATION = "{\"destination\":\"/topic/a\",\"body\":\"x\"}";

  private NodeProcess node;
  private ChromeDriver browser;
  private ConsolePage page;

  @BeforeEach
  void start() {
    node =
        NodeProcess.alone(
            "node-c", ConsolePage.key(0, "operator", KEY, "admin").toArray(String[]::new));
    browser = Browser.start();
    page = new ConsolePage(browser);
    node.ready();
  }

  @AfterEach
  void stop() {
    if (browser != null) {
      browser.quit();
    }
    node.close();
  }

  @Test
  void anOperatorLogsInLooksAndLogsOut() {
    try (StompClient client =
        StompClient.open(node.clientPort(), StompClient.Carriage.TEXT, "v12.stomp")
            .connect("1.2")) {
      client.subscribe("1", "/topic/a");
      page.browser().get(node.control("/console").toString());
      page.awaitText("#status", "Not logged in");
      assertThat(page.shown("#pages")).isFalse();
      page.isForEverybody();
      page.pictures("login");

      page.press("#login button");
      page.awaitText("#login-refusal", "Enter a key.");
      page.logIn("another-key");
      page.awaitText("#login-refusal", "The API key is not right.");
      assertThat(page.shown("#pages")).isFalse();

      page.logIn(KEY).awaitText("#who-name", "operator");
      page.awaitText("#status", "Serving");
      page.awaitText("#node-id", "node-c");
      assertThat(page.browser().getTitle()).startsWith("node-c");
      assertThat(page.figure("Connections")).isEqualTo("1");
      assertThat(page.figure("Subscriptions")).isEqualTo("1");
    }
    page.awaitText("#closes", "None since the start.");

    // What another site's page could have the browser send: the cookie, but not the token.
    assertThat(page.request("POST", "/api/v1/publish", Map.of(), PUBLICATION)).isEqualTo(403);
    String token = page.browser().manage().getCookieNamed("drumline-csrf").getValue();
    assertThat(page.request("POST", "/api/v1/publish", Map.of("x-xsrf-token", token), PUBLICATION))
        .isEqualTo(200);
    assertThat((String) page.browser().executeScript("return document.cookie"))
        .doesNotContain("drumline-console");

    page.press("#logout").awaitText("#status", "Not logged in");
    assertThat(page.shown("#login-why")).isFalse();
    page.open(node).awaitText("#status", "Not logged in");
    assertThat(page.problems()).isEmpty();
  }
}
