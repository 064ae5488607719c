package io.drumline.testing.redis;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.utility.DockerImageName;

/**
 * The real Redis that ordinary tests share, one a JVM: {@code DRUMLINE_TEST_REDIS} (a URL, or
 * {@code redis-server} for the one on the PATH), else Docker, else {@code redis-server} on the
 * PATH, else the bundled Redis 6.2. Tests keep apart by their own destinations or prefixes, and
 * never flush.
 */
public final class TestRedis {
  private static final String PROGRAM = "redis-server";
  private static final int DOCKER_SECONDS = 5;

  private TestRedis() {}

  private static final class Shared {
    static final String URL = open();
  }

  /** Where it is; starts it where need be. */
  public static String url() {
    return Shared.URL;
  }

  /** Skips the test where the shared Redis is older than {@code major}. */
  public static void requireVersion(int major) {
    String version =
        with(url(), connection -> connection.sync().info("server"))
            .lines()
            .filter(line -> line.startsWith("redis_version:"))
            .map(line -> line.substring(line.indexOf(':') + 1).strip())
            .findFirst()
            .orElseThrow();
    assumeTrue(
        Integer.parseInt(version.substring(0, version.indexOf('.'))) >= major,
        () -> "needs Redis " + major + ", found " + version);
  }

  /** Asks the Redis at {@code url} over a connection of its own. */
  public static <T> T with(String url, Function<StatefulRedisConnection<String, String>, T> task) {
    try (RedisClient client = RedisClient.create(RedisURI.create(url))) {
      return task.apply(client.connect());
    }
  }

  private static String open() {
    String given = System.getenv("DRUMLINE_TEST_REDIS");
    boolean onPath = PROGRAM.equals(given);
    if (given != null && !given.isBlank() && !onPath) {
      return given;
    }
    if (!onPath && hasDocker()) {
      return Container.URL;
    }
    RedisServer server = RedisServer.start();
    Runtime.getRuntime().addShutdownHook(new Thread(server::close));
    return server.url();
  }

  /** Testcontainers looks long for a Docker that is not there: first look for its socket. */
  private static boolean hasDocker() {
    return (System.getenv("DOCKER_HOST") != null || Files.exists(Path.of("/var/run/docker.sock")))
        && CompletableFuture.supplyAsync(() -> DockerClientFactory.instance().isDockerAvailable())
            .completeOnTimeout(false, DOCKER_SECONDS, TimeUnit.SECONDS)
            .join();
  }

  /** Testcontainers stops it at the end of the JVM. */
  private static final class Container {
    static final String URL = start();

    private static String start() {
      @SuppressWarnings("resource") // shared until the JVM ends
      GenericContainer<?> redis =
          new GenericContainer<>(DockerImageName.parse("redis:7.4-alpine")).withExposedPorts(6379);
      redis.start();
      return "redis://" + redis.getHost() + ":" + redis.getMappedPort(6379);
    }
  }
}
