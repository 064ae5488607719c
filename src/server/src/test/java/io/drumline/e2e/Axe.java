package io.drumline.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.openqa.selenium.chrome.ChromeDriver;

/** What keeps people from using a page, as axe finds it. */
final class Axe {
  private static final String SCRIPT = script();

  private Axe() {}

  /** In the page as it is shown now. */
  @SuppressWarnings("unchecked")
  static List<String> violations(ChromeDriver browser) {
    browser.executeScript(SCRIPT);
    return (List<String>)
        browser.executeAsyncScript(
            "const done = arguments[arguments.length - 1];"
                + "axe.run().then(found => done(found.violations.map(each => each.id + ': '"
                + " + each.help + ' ' + each.nodes.map(node => node.html).join(' ')))"
                + ", wrong => done([String(wrong)]))");
  }

  /** In the light and the dark theme. */
  static List<String> violationsInBothThemes(ChromeDriver browser) {
    return Stream.of("dark", "light")
        .flatMap(
            scheme -> {
              theme(browser, scheme);
              return violations(browser).stream().map(found -> scheme + ": " + found);
            })
        .toList();
  }

  static void theme(ChromeDriver browser, String scheme) {
    browser.executeCdpCommand(
        "Emulation.setEmulatedMedia",
        Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
  }

  private static String script() {
    try (InputStream script = Axe.class.getResourceAsStream("/axe.min.js")) {
      return new String(script.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
