package io.drumline.e2e;

import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;

/** A real browser, without a window. */
final class Browser {

  private Browser() {}

  /** Started by this, with more arguments; ended by {@code quit}. */
  static ChromeDriver start(String... arguments) {
    return new ChromeDriver(
        new ChromeDriverService.Builder()
            .usingDriverExecutable(Programs.CHROMEDRIVER.path().toFile())
            .build(),
        new ChromeOptions()
            .setBinary(Programs.CHROMIUM.path().toFile())
            .addArguments(
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
                "--no-first-run",
                "--user-data-dir=" + RunningProgram.directory("chromium"))
            .addArguments(arguments));
  }
}
