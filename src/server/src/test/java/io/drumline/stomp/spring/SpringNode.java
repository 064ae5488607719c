package io.drumline.stomp.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.drumline.DrumlineApplication;
import io.drumline.backplane.Backplane;
import io.drumline.testing.StompClient;
import io.drumline.testing.StompClient.Carriage;
import io.drumline.testing.StompFrame;
import java.util.List;
import java.util.stream.Stream;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** A node in this JVM, on free ports, with an application's own beans beside Drumline's. */
final class SpringNode implements AutoCloseable {
  private final ConfigurableApplicationContext context;

  private SpringNode(ConfigurableApplicationContext context) {
    this.context = context;
  }

  /** A client, and the id of its session on the node. */
  record Session(StompClient client, String id) implements AutoCloseable {
    @Override
    public void close() {
      client.close();
    }
  }

  /** Starts a node by itself; each class has {@code @Bean} methods. */
  static SpringNode start(Class<?>... application) {
    return start(List.of(), application);
  }

  /** Starts a node with properties, {@code name=value}. */
  static SpringNode start(List<String> properties, Class<?>... application) {
    String[] arguments =
        Stream.concat(Stream.of("server.port=0", "drumline.listener.port=0"), properties.stream())
            .map(property -> "--" + property)
            .toArray(String[]::new);
    SpringNode node =
        new SpringNode(
            new SpringApplicationBuilder(DrumlineApplication.class)
                .sources(application)
                .run(arguments));
    await().until(node.bean(Backplane.class)::available); // until then it refuses clients
    return node;
  }

  <T> T bean(Class<T> type) {
    return context.getBean(type);
  }

  <T> T bean(String name, Class<T> type) {
    return context.getBean(name, type);
  }

  int port() {
    return context
        .getEnvironment()
        .getRequiredProperty("local.drumline.listener.port", Integer.class);
  }

  String property(String name) {
    return context.getEnvironment().getRequiredProperty(name);
  }

  /** A client of STOMP 1.2 that is not connected yet. */
  StompClient open() {
    return StompClient.open(port(), Carriage.TEXT, "v12.stomp");
  }

  /** A connected client; header lines go into its CONNECT. */
  StompClient client(String... headers) {
    return open().connect("1.2", headers);
  }

  /** A connected client whose session's id matters. */
  Session session(String... headers) {
    StompClient client = open();
    String lines = String.join("\n", headers) + (headers.length == 0 ? "" : "\n");
    client.send("CONNECT\naccept-version:1.2\nhost:localhost\n" + lines + "\n\0");
    StompFrame connected = client.expect("CONNECTED");
    assertThat(connected.header("session")).isNotBlank();
    return new Session(client, connected.header("session"));
  }

  @Override
  public void close() {
    context.close();
  }
}
