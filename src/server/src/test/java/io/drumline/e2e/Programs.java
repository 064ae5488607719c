package io.drumline.e2e;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The programs these tests run, as a Debian machine has them. */
enum Programs {
  REDIS("redis-server", "redis-server"),
  NGINX("nginx", "nginx"),
  HAPROXY("haproxy", "haproxy"),
  CHROMIUM("chromium", "chromium"),
  CHROMEDRIVER("chromedriver", "chromium-driver"),
  NODE("node", "nodejs"),
  PROMTOOL("promtool", "prometheus"),
  PROMETHEUS("prometheus", "prometheus");

  private final String command;
  private final String debianPackage;

  Programs(String command, String debianPackage) {
    this.command = command;
    this.debianPackage = debianPackage;
  }

  /** The program's file; fails, naming the package to install, where there is none. */
  Path path() {
    // Debian keeps servers in /usr/sbin, which is not on everybody's PATH.
    return Pattern.compile(File.pathSeparator, Pattern.LITERAL)
        .splitAsStream(System.getenv("PATH") + File.pathSeparator + "/usr/sbin")
        .flatMap(Programs::directory)
        .map(directory -> directory.resolve(command))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow(
            () ->
                new AssertionError(
                    command + " is not on the PATH; on Debian: apt-get install " + debianPackage));
  }

  private static Stream<Path> directory(String entry) {
    return entry.isEmpty() ? Stream.empty() : Stream.of(Path.of(entry));
  }
}
