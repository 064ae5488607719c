package io.drumline.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A Drumline node in a process of its own, as operators run it. */
public final class NodeProcess implements AutoCloseable {
  /** Half of the CPU of a start is the optimizing compiler's, which a test does not earn back. */
  static final List<String> JVM = List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");

  private static final HttpClient HTTP =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();

  private final String id;
  private final int clientPort = RunningProgram.freePort();
  private final int controlPort = RunningProgram.freePort();
  private final List<String> command = new ArrayList<>();
  private final Map<String, String> environment;
  private RunningProgram program;

  private NodeProcess(String id, List<String> arguments, Map<String, String> environment) {
    this(id, NodeArchive.javaOptions(), arguments, environment);
  }

  private NodeProcess(
      String id, List<String> jvmOptions, List<String> arguments, Map<String, String> environment) {
    this.id = id;
    this.environment = environment;
    // A build in the background of a shell ignores SIGINT, and all that it starts.
    command.addAll(List.of("env", "--default-signal=INT"));
    command.add(java());
    command.addAll(JVM);
    command.addAll(List.of("-Xmx256m", "-Ddrumline.drain.grace=0s", "-Ddrumline.drain.window=0s"));
    command.addAll(jvmOptions);
    command.add("io.drumline.DrumlineApplication");
    command.add("--drumline.node-id=" + id);
    command.add("--drumline.listener.port=" + clientPort);
    command.add("--server.port=" + controlPort);
    command.addAll(arguments);
    program = start();
  }

  /** A node that has its settings from environment variables. */
  static NodeProcess configured(String id, Map<String, String> environment) {
    return new NodeProcess(id, List.of(), environment);
  }

  /** A node alone, on the memory backplane. */
  static NodeProcess alone(String id, String... arguments) {
    return new NodeProcess(id, List.of(arguments), Map.of());
  }

  /** The same, with options of the JVM. */
  static NodeProcess withJvmOptions(String id, List<String> jvmOptions, String... arguments) {
    return new NodeProcess(id, withClasses(jvmOptions), List.of(arguments), Map.of());
  }

  /** A node of the cluster behind this Redis. */
  static NodeProcess clustered(String id, RedisProcess redis, String... arguments) {
    return clustered(id, redis.url(), arguments);
  }

  /** A node of the cluster behind the Redis at this URL. */
  public static NodeProcess clustered(String id, String redis, String... arguments) {
    return clustered(id, List.of(), redis, arguments);
  }

  /** The same, with options of the JVM. */
  public static NodeProcess clustered(
      String id, List<String> jvmOptions, String redis, String... arguments) {
    return new NodeProcess(id, withClasses(jvmOptions), withRedis(redis, arguments), Map.of());
  }

  private static List<String> withClasses(List<String> jvmOptions) {
    return Stream.concat(NodeArchive.javaOptions().stream(), jvmOptions.stream()).toList();
  }

  /** The same node from a class path of its own, which is among the options of the JVM. */
  static NodeProcess ofClasses(List<String> jvmOptions, RedisProcess redis) {
    return new NodeProcess("archive", jvmOptions, withRedis(redis.url()), Map.of());
  }

  private static List<String> withRedis(String redis, String... arguments) {
    return Stream.concat(
            Stream.of(
                "--drumline.backplane=redis",
                "--drumline.security.anonymous=true",
                "--spring.data.redis.url=" + redis),
            Stream.of(arguments))
        .toList();
  }

  /** Waits until the node takes clients; its own word counts where asking needs a PROXY header. */
  public NodeProcess ready() {
    await("node " + id + " is ready")
        .atMost(Duration.ofMinutes(3))
        .until(
            () -> program.running() && (healthy() || tell("/actuator/health/readiness") != null));
    return this;
  }

  String id() {
    return id;
  }

  long pid() {
    return program.pid();
  }

  int clientPort() {
    return clientPort;
  }

  int controlPort() {
    return controlPort;
  }

  public String webSocket() {
    return "ws://127.0.0.1:" + clientPort + "/ws";
  }

  URI control(String path) {
    return URI.create("http://127.0.0.1:" + controlPort + path);
  }

  /** How many clients it has. */
  int connections() {
    return metric("drumline_connections ");
  }

  /** How many WebSockets it has accepted since its start. */
  int upgrades() {
    return metric("drumline_upgrades_total{outcome=\"accepted\"");
  }

  /** The sum of the samples whose line begins so. */
  int metric(String beginning) {
    String metrics = tell("/actuator/prometheus");
    assertThat(metrics).as("metrics of " + id).isNotNull();
    return metrics
        .lines()
        .filter(line -> line.startsWith(beginning))
        .mapToInt(line -> (int) Double.parseDouble(line.substring(line.lastIndexOf(' '))))
        .sum();
  }

  /** What its control plane says with a 200; null if it says anything else. */
  private @Nullable String tell(String path) {
    HttpRequest request =
        HttpRequest.newBuilder(control(path)).timeout(Duration.ofSeconds(2)).build();
    try {
      HttpResponse<String> response = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
      return response.statusCode() == 200 ? response.body() : null;
    } catch (IOException noAnswer) {
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("Interrupted while asking a node.", e);
    }
  }

  public boolean alive() {
    return !program.ended();
  }

  /** All that the node has logged so far. */
  public List<String> log() {
    return program.output().lines().toList();
  }

  /** SIGKILL. */
  public void kill() {
    program.kill();
  }

  /** SIGTERM: it drains, by the settings that it was given, without grace and window otherwise. */
  public void terminate() {
    program.signal("TERM");
  }

  /** SIGINT, as Ctrl-C sends it. */
  void interrupt() {
    program.signal("INT");
  }

  /** Waits for its end, for so long at most; the exit code. */
  public int awaitExit(Duration patience) {
    return program.awaitExit(patience);
  }

  /** Starts it again, on the same ports, after it was killed. */
  public void restart() {
    program = start();
  }

  /** Starts it again where it has ended, and waits until it takes clients. */
  NodeProcess revived() {
    if (program.ended()) {
      restart();
    }
    return ready();
  }

  /** SIGSTOP: as a long pause looks to the others. */
  public void pause() {
    program.signal("STOP");
  }

  public void resume() {
    program.signal("CONT");
  }

  @Override
  public void close() {
    program.close();
  }

  private RunningProgram start() {
    ProcessBuilder prepared = new ProcessBuilder(command);
    prepared.environment().putAll(environment);
    return RunningProgram.start("node-" + id, prepared);
  }

  private boolean healthy() throws InterruptedException {
    return healthz() == 200;
  }

  /** The status that a load balancer's check sees; 0 where nobody answers. */
  int healthz() throws InterruptedException {
    URI health = URI.create("http://127.0.0.1:" + clientPort + "/healthz");
    try {
      return HTTP.send(
              HttpRequest.newBuilder(health).timeout(Duration.ofSeconds(2)).build(),
              HttpResponse.BodyHandlers.discarding())
          .statusCode();
    } catch (IOException notYet) {
      return 0;
    }
  }

  static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }
}
