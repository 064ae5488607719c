package io.drumline.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A load balancer as operators run it: the files in {@code deploy}, with a test's addresses and
 * directories in place of theirs.
 */
final class Balancer implements AutoCloseable {
  private static final Path DEPLOY = Path.of("deploy").toAbsolutePath();
  private static final List<String> NODES =
      List.of("10.0.0.11:8080", "10.0.0.12:8080", "10.0.0.13:8080");

  /** What there is in {@code deploy}. */
  enum Kind {
    NGINX_ROUND_ROBIN("nginx.conf", "round-robin.conf"),
    NGINX_LEAST_CONN("nginx.conf", "least-conn.conf"),
    NGINX_IP_HASH("nginx.conf", "ip-hash.conf"),
    NGINX_TLS("nginx-tls.conf", "least-conn.conf"),
    NGINX_STREAM("stream-proxy-protocol.conf"),
    HAPROXY_ROUNDROBIN("haproxy.cfg", "roundrobin.cfg"),
    HAPROXY_LEASTCONN("haproxy.cfg", "leastconn.cfg"),
    HAPROXY_SOURCE("haproxy.cfg", "source.cfg"),
    HAPROXY_TLS("haproxy-tls.cfg", "leastconn.cfg"),
    HAPROXY_TCP("tcp-proxy-protocol.cfg"),
    HAPROXY_TCP_TLS("tcp-proxy-protocol-tls.cfg");

    private final String main;

    /** The file with the nodes; the same where there is one for all. */
    private final String nodes;

    Kind(String all) {
      this(all, all);
    }

    Kind(String main, String nodes) {
      this.main = main;
      this.nodes = nodes;
    }

    private Stream<String> files() {
      return Stream.of(main, nodes).distinct();
    }

    boolean nginx() {
      return name().startsWith("NGINX");
    }

    /** Whether it passes bytes on and looks at no request. */
    boolean tcp() {
      return main.equals(nodes);
    }

    /** Whether clients of it speak TLS with it, rather than with nobody or with the nodes. */
    boolean tls() {
      return name().endsWith("_TLS") && !tcp();
    }
  }

  private final Kind kind;
  private final Path directory;
  private final int port = RunningProgram.freePort();
  private final List<String> command = new ArrayList<>();
  private final UnaryOperator<String> change;
  private final @Nullable Certificate certificate;
  private RunningProgram program;

  private Balancer(Kind kind, List<Integer> nodePorts, UnaryOperator<String> change) {
    this.kind = kind;
    this.change = change;
    directory = RunningProgram.directory(name());
    certificate = kind.tls() ? new Certificate(directory) : null;
    if (kind.nginx()) {
      command.addAll(nginx(nodePorts));
    } else {
      command.addAll(haproxy(nodePorts));
    }
  }

  /** Starts a balancer before these nodes. */
  static Balancer start(Kind kind, List<NodeProcess> nodes) {
    return startBefore(kind, nodes.stream().map(NodeProcess::clientPort).toList());
  }

  /** Starts a balancer before what listens, or does not, on these three ports. */
  static Balancer startBefore(Kind kind, List<Integer> nodePorts) {
    return startBefore(kind, nodePorts, UnaryOperator.identity());
  }

  /** The same with a change of the file that an operator might make. */
  static Balancer startBefore(Kind kind, List<Integer> nodePorts, UnaryOperator<String> change) {
    Balancer balancer = new Balancer(kind, nodePorts, change);
    List<String> start = new ArrayList<>(balancer.command);
    start.addAll(kind.nginx() ? List.of("-g", "daemon off;") : List.of("-W"));
    balancer.program = RunningProgram.start(balancer.name(), start).listening(balancer.port);
    return balancer;
  }

  /** What the program itself says of the files; empty if they are right. */
  static String check(Kind kind) {
    Balancer balancer = new Balancer(kind, List.of(1, 2, 3), UnaryOperator.identity());
    List<String> check = new ArrayList<>(balancer.command);
    check.add(kind.nginx() ? "-t" : "-c");
    try {
      Process process = new ProcessBuilder(check).redirectErrorStream(true).start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return process.waitFor() == 0 && !said.contains("warn") && !said.contains("WARNING")
          ? ""
          : said;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("Interrupted while a program ran.", e);
    }
  }

  private List<String> nginx(List<Integer> nodePorts) {
    Path main = directory.resolve(kind.main);
    String text = change.apply(read("nginx", kind.main));
    String usual = kind.tls() ? "listen 443 " : "listen 80 ";
    text = replace(text, Map.of(usual, "listen 127.0.0.1:" + port + ' '));
    if (kind.tls()) {
      text = replace(text, Map.of("/etc/nginx/tls/chat.example.org", directory + "/certificate"));
    }
    text = replace(text, Map.of("/run/", directory + "/", "/var/log/nginx/", directory + "/"));
    if (kind.tcp()) {
      write(main, withNodes(text, nodePorts));
    } else {
      text = replace(text, Map.of("round-robin.conf;", kind.nodes + ";"));
      // Directories that only root may make, in Debian's build.
      String paths =
          Stream.of("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
              .map(name -> name + "_temp_path " + directory.resolve(name) + ';')
              .collect(Collectors.joining(" "));
      write(main, replace(text, Map.of("http {", "http { " + paths)));
      write(
          directory.resolve("drumline").resolve(kind.nodes),
          withNodes(read("nginx", kind.nodes), nodePorts));
    }
    return List.of(Programs.NGINX.path().toString(), "-e", "stderr", "-c", main.toString());
  }

  private List<String> haproxy(List<Integer> nodePorts) {
    List<String> all = new ArrayList<>(List.of(Programs.HAPROXY.path().toString()));
    StringBuilder text = new StringBuilder();
    for (String name : kind.files().toList()) {
      text.append(change.apply(read("haproxy", name))).append('\n');
    }
    Path main = directory.resolve("haproxy.cfg");
    String complete = text.toString();
    if (kind.tls()) {
      complete =
          replace(
              complete,
              Map.of("/etc/haproxy/tls/chat.example.org.pem", directory + "/certificate.pem"));
    }
    Map<String, String> here =
        Map.of(
            kind.name().endsWith("_TLS") ? "bind :443 " : "bind :80 ",
            "bind 127.0.0.1:" + port + ' ',
            // Of files that this machine may not let a process have so many of.
            "maxconn 100000",
            "maxconn 2000");
    if (!kind.tcp()) {
      // Relative to -C: the path of a socket may have no more than about 100 characters.
      complete = replace(complete, Map.of("/run/haproxy/", "unix@"));
    }
    write(main, withNodes(replace(complete, here), nodePorts));
    all.addAll(List.of("-C", directory.toString(), "-f", main.toString()));
    return all;
  }

  private static String withNodes(String text, List<Integer> ports) {
    String replaced = text;
    for (int n = 0; n < NODES.size(); n++) {
      replaced = replace(replaced, Map.of(NODES.get(n), "127.0.0.1:" + ports.get(n)));
    }
    return replaced;
  }

  /** What is not there cannot be replaced: the file has changed and this must follow. */
  private static String replace(String text, Map<String, String> replacements) {
    String replaced = text;
    for (Map.Entry<String, String> each : replacements.entrySet()) {
      assertThat(replaced).contains(each.getKey());
      replaced = replaced.replace(each.getKey(), each.getValue());
    }
    return replaced;
  }

  private static String read(String program, String name) {
    try {
      return Files.readString(DEPLOY.resolve(program).resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(Path file, String text) {
    try {
      Files.createDirectories(file.getParent());
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String name() {
    return kind.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  URI url() {
    return URI.create((kind.tls() ? "wss" : "ws") + "://127.0.0.1:" + port + "/ws");
  }

  int port() {
    return port;
  }

  /** The one that it shows to clients, where it speaks TLS. */
  Certificate certificate() {
    return Objects.requireNonNull(certificate);
  }

  /** What its clients trust; null where it does not speak TLS. */
  @Nullable SslContext trust() {
    return certificate == null ? null : certificate.trust();
  }

  /** What it has logged on its output so far. */
  String output() {
    return program.output();
  }

  /** The processes that have clients. */
  Set<ProcessHandle> workers() {
    return ProcessHandle.of(program.pid()).stream()
        .flatMap(ProcessHandle::children)
        .collect(Collectors.toSet());
  }

  /** Reloads; hands back the workers of before, which serve the clients that they have. */
  Set<ProcessHandle> reload() {
    Set<ProcessHandle> before = workers();
    program.signal(kind.nginx() ? "HUP" : "USR2");
    // Until the last of them has let go of the port it may take a new client, too.
    await("new workers of " + name() + " in place of the old ones")
        .atMost(Duration.ofSeconds(20))
        .until(
            () ->
                program.running()
                    && !before.containsAll(workers())
                    && before.stream().noneMatch(this::listens));
    return before;
  }

  /** Whether the process has a socket that listens on this balancer's port. */
  private boolean listens(ProcessHandle worker) {
    try (Stream<String> sockets = Files.lines(Path.of("/proc/net/tcp"));
        Stream<Path> files = Files.list(Path.of("/proc/" + worker.pid() + "/fd"))) {
      String local = String.format(":%04X", port);
      Set<String> listening =
          sockets
              .map(line -> line.strip().split(" +"))
              .filter(socket -> socket[1].endsWith(local) && socket[3].equals("0A"))
              .map(socket -> "socket:[" + socket[9] + "]")
              .collect(Collectors.toSet());
      return files.anyMatch(file -> listening.contains(target(file)));
    } catch (IOException e) {
      return false; // it has ended
    }
  }

  private static String target(Path file) {
    try {
      return Files.readSymbolicLink(file).toString();
    } catch (IOException e) {
      return ""; // closed meanwhile
    }
  }

  @Override
  public String toString() {
    return name();
  }

  @Override
  public void close() {
    program.close();
  }
}
