package io.drumline.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.StompClient;
import io.drumline.testing.StompClient.Carriage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Two nodes behind a load balancer that knows nothing about them: plain round robin. */
final class ProxyE2E {
  private static RedisProcess redis;
  private static NodeProcess nodeA;
  private static NodeProcess nodeB;

  enum Proxy {
    NGINX(Programs.NGINX) {
      @Override
      List<String> arguments(Path directory, int port, int first, int second) throws IOException {
        String text =
            """
            daemon off;
            pid %1$s/nginx.pid;
            error_log stderr;
            events {}
            http {
              access_log off;
              client_body_temp_path %1$s/body;
              proxy_temp_path %1$s/proxy;
              fastcgi_temp_path %1$s/fastcgi;
              uwsgi_temp_path %1$s/uwsgi;
              scgi_temp_path %1$s/scgi;
              upstream nodes { server 127.0.0.1:%3$d; server 127.0.0.1:%4$d; }
              server {
                listen 127.0.0.1:%2$d;
                location /ws {
                  proxy_pass http://nodes;
                  proxy_http_version 1.1;
                  proxy_set_header Upgrade $http_upgrade;
                  proxy_set_header Connection upgrade;
                  proxy_set_header Host $host;
                }
              }
            }
            """;
        Path file = write(directory, text.formatted(directory, port, first, second));
        return List.of("-e", "stderr", "-p", directory.toString(), "-c", file.toString());
      }
    },
    HAPROXY(Programs.HAPROXY) {
      @Override
      List<String> arguments(Path directory, int port, int first, int second) throws IOException {
        String text =
            """
            defaults
              mode http
              timeout connect 5s
              timeout client 60s
              timeout server 60s
              timeout tunnel 1h
            frontend clients
              bind 127.0.0.1:%d
              default_backend nodes
            backend nodes
              balance roundrobin
              option httpchk GET /healthz
              server a 127.0.0.1:%d check
              server b 127.0.0.1:%d check
            """;
        return List.of(
            "-db", "-f", write(directory, text.formatted(port, first, second)).toString());
      }
    };

    private final Programs program;

    Proxy(Programs program) {
      this.program = program;
    }

    abstract List<String> arguments(Path directory, int port, int first, int second)
        throws IOException;

    RunningProgram start(int port, int first, int second) throws IOException {
      String name = name().toLowerCase(Locale.ROOT);
      List<String> command = new ArrayList<>(List.of(program.path().toString()));
      command.addAll(arguments(RunningProgram.directory(name), port, first, second));
      return RunningProgram.start(name, command).listening(port);
    }

    private static Path write(Path directory, String text) throws IOException {
      return Files.writeString(directory.resolve("proxy.conf"), text);
    }
  }

  @BeforeAll
  static void startCluster() {
    redis = new RedisProcess();
    nodeA = NodeProcess.clustered("a", redis);
    nodeB = NodeProcess.clustered("b", redis);
    nodeA.ready();
    nodeB.ready();
  }

  @AfterAll
  static void stopCluster() {
    nodeA.close();
    nodeB.close();
    redis.close();
  }

  @ParameterizedTest
  @EnumSource
  void clientsOnBothNodesHearEachOther(Proxy proxy) throws IOException {
    int port = RunningProgram.freePort();
    try (RunningProgram program = proxy.start(port, nodeA.clientPort(), nodeB.clientPort());
        StompClient one = open(port);
        StompClient two = open(port)) {
      program.running();
      assertThat(List.of(connect(one), connect(two)))
          .containsExactlyInAnyOrder(nodeA.id(), nodeB.id());
      one.subscribe("s", "/topic/" + proxy);
      two.subscribe("s", "/topic/" + proxy);

      one.publish("/topic/" + proxy, "from one");
      one.expectMessage("from one");
      two.expectMessage("from one");
      two.publish("/topic/" + proxy, "from two");
      one.expectMessage("from two");
      two.expectMessage("from two");
    }
  }

  private static StompClient open(int port) {
    return StompClient.open(port, Carriage.TEXT, "v12.stomp");
  }

  /** Connects; hands back which node answered. */
  private static String connect(StompClient client) {
    client.command("CONNECT", "accept-version:1.2", "host:localhost");
    return client.expect("CONNECTED").header("node");
  }
}
