package io.drumline.stomp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.drumline.backplane.Backplane;
import io.drumline.backplane.MemoryBackplane;
import io.drumline.backplane.MemoryLimits;
import io.drumline.backplane.MemoryRevocations;
import io.drumline.backplane.MemorySessions;
import io.drumline.backplane.MessageIds;
import io.drumline.backplane.Retentions;
import io.drumline.hub.Compression;
import io.drumline.hub.Connection;
import io.drumline.hub.EventLoops;
import io.drumline.hub.Hub;
import io.drumline.loop.NodeTimer;
import io.drumline.loop.Periodic;
import io.drumline.message.CloseCode;
import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.drumline.message.NodeId;
import io.drumline.publish.Publisher;
import io.drumline.security.Authenticator;
import io.drumline.security.Authenticator.Anonymous;
import io.drumline.security.DestinationPolicy;
import io.drumline.security.Limits;
import io.drumline.security.SecurityProperties;
import io.drumline.session.SharedSessions;
import io.drumline.spring.HubProperties;
import io.drumline.spring.SessionProperties;
import io.drumline.stomp.access.ClientIndex;
import io.drumline.stomp.access.Guard;
import io.drumline.stomp.access.NewDestinations;
import io.drumline.stomp.application.ApplicationQueue;
import io.drumline.stomp.application.SpringBridge;
import io.drumline.stomp.application.Unmapped;
import io.drumline.stomp.client.StompMetrics;
import io.drumline.stomp.settings.StompProperties;
import io.drumline.stomp.settings.StompProperties.Rate;
import io.drumline.stomp.settings.StompProperties.Rate.Excess;
import io.drumline.stomp.settings.UnmappedPolicy;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.messaging.support.ExecutorSubscribableChannel;
import org.springframework.security.crypto.bcrypt.BCryptPasswordEncoder;
import org.springframework.util.unit.DataSize;

/**
 * Whole conversations, whatever is in them: they end by a named code or not at all, nothing is
 * published or heard that the policy forbids, and no frame goes out that is none.
 */
class StompSessionFuzz {
  private static final String SECRET = "for others only";
  private static final List<String> FORBIDDEN =
      List.of("/topic/secret", "/topic/team.red/a", "/user/bob/queue/x", "/user/ann/queue/other");
  private static final World WORLD = new World();

  @FuzzTest(maxDuration = "10m")
  void keepsToThePolicyAndEndsByName(byte[] bytes) throws Exception {
    SessionScript script = new SessionScript(bytes);
    WORLD.begin();
    FakeSocket socket = new FakeSocket();
    assertThat(WORLD.loops.group().register(socket).sync().isSuccess()).isTrue();
    Connection connection = WORLD.loop(() -> WORLD.hub.connect(socket, Compression.NONE));
    StompSession session = WORLD.loop(() -> WORLD.sessions.open(connection, System.nanoTime()));
    ByteArrayOutputStream heard = new ByteArrayOutputStream();
    if ((script.next() & 1) == 0) {
      receive(
          session, "CONNECT\naccept-version:1.2\nlogin:ann\npasscode:sesame\n\n\0".getBytes(UTF_8));
      await().until(() -> WORLD.loop(() -> session.client().isConnected()));
    }
    while (!script.ended() && WORLD.loop(connection::open)) {
      receive(session, script.piece());
      for (String destination : FORBIDDEN.subList(0, 3)) {
        WORLD
            .memory
            .publish(
                new Draft(
                    Destination.parse(destination),
                    new byte[0],
                    SECRET.getBytes(UTF_8),
                    null,
                    null))
            .toCompletableFuture()
            .join();
      }
      heard.writeBytes(WORLD.loop(socket::written));
    }
    int code = WORLD.loop(connection::closeCode);
    WORLD.loop(
        () -> {
          heard.writeBytes(socket.written());
          session.ended(code);
          connection.ended();
          return socket.close();
        });
    WORLD.loop(() -> code);

    assertThat(heard.toString(UTF_8)).doesNotContain(SECRET);
    for (byte[] message : messages(heard.toByteArray())) {
      checkFrames(message);
    }
    assertThat(CloseCode.values()).extracting(CloseCode::code).contains(code == 1006 ? 1000 : code);
    WORLD.check();
  }

  private static void receive(StompSession session, byte[] bytes) throws Exception {
    WORLD.loop(
        () -> {
          session.received(Unpooled.wrappedBuffer(bytes));
          return bytes;
        });
  }

  /** The payloads of the WebSocket's text and binary frames; there are no others but Close. */
  private static List<byte[]> messages(byte[] frames) {
    List<byte[]> messages = new ArrayList<>();
    for (int at = 0; at < frames.length; ) {
      int opcode = frames[at] & 0x0F;
      int length = frames[at + 1] & 0x7F;
      assertThat(length).isLessThan(127); // which would be one of more than 64 KB
      at += 2;
      if (length == 126) {
        length = (frames[at] & 0xFF) << 8 | (frames[at + 1] & 0xFF);
        at += 2;
      }
      byte[] payload = new byte[length];
      System.arraycopy(frames, at, payload, 0, length);
      at += length;
      if (opcode == 1 || opcode == 2) {
        messages.add(payload);
      } else {
        assertThat(opcode).isIn(8, 9, 10);
      }
    }
    return messages;
  }

  /** One STOMP frame, from its command to its NUL. */
  private static void checkFrames(byte[] message) {
    String text = new String(message, UTF_8);
    if (text.equals("\n")) {
      return;
    }
    String command = text.substring(0, text.indexOf('\n'));
    assertThat(command).isIn("CONNECTED", "MESSAGE", "RECEIPT", "ERROR");
    assertThat(text).endsWith("\0");
    if (command.equals("MESSAGE")) {
      String head = text.substring(0, text.indexOf("\n\n"));
      assertThat(head.lines().filter(line -> line.startsWith("destination:")))
          .singleElement()
          .asString()
          .matches("destination:/(topic/(open/|news$|team\\.blue/)|user/|app/|ephemeral/).*");
      assertThat(head)
          .doesNotContainIgnoringCase("\nuser-name:", "\nsimpUser:", "\nsimpSessionId:");
    }
  }

  /** One node, whose backplane notes what is published. */
  private static final class World {
    final EventLoops loops = new EventLoops(1);
    final MessageIds ids = new MessageIds();
    final MemoryBackplane memory =
        new MemoryBackplane(
            ids, Retentions.DEFAULTS, MemoryLimits.DEFAULTS, new SimpleMeterRegistry());
    final Hub hub;
    final StompSessions sessions;
    private final List<Draft> published = new ArrayList<>();
    private final ListAppender<ILoggingEvent> errors = new ListAppender<>();

    World() {
      SimpleMeterRegistry meters = new SimpleMeterRegistry();
      Backplane noting =
          (Backplane)
              Proxy.newProxyInstance(
                  Backplane.class.getClassLoader(),
                  new Class<?>[] {Backplane.class},
                  (proxy, method, arguments) -> {
                    if (method.getName().equals("publish")) {
                      published.add((Draft) arguments[0]);
                    }
                    return method.invoke(memory, arguments);
                  });
      HubProperties patient = of("hub", HubProperties.class, Map.of("pause-limit", "1h"));
      hub = new Hub(loops, noting, ids, patient.settings(), meters, null);
      memory.start(hub);
      SecurityProperties security = of("security", SecurityProperties.class, settings());
      Guard guard =
          new Guard(
              new Authenticator(security, Anonymous.ALLOWED, meters),
              new DestinationPolicy(security),
              new Limits(meters),
              new MemoryRevocations(),
              new ClientIndex(0));
      sessions =
          new StompSessions(
              hub,
              new Publisher(noting, null, meters),
              new SpringBridge(
                  new ExecutorSubscribableChannel(),
                  new ApplicationQueue(
                      Runnable::run,
                      1 << 20,
                      meters,
                      new Periodic(meters).guard("application"),
                      new NodeTimer()),
                  event -> {},
                  List.of("/app/"),
                  new Unmapped(UnmappedPolicy.REFUSE, meters),
                  null),
              properties(),
              new StompMetrics(meters),
              new NodeId("node"),
              new SharedSessions(
                  new MemorySessions(MemoryLimits.DEFAULTS, meters),
                  of("session", SessionProperties.class, Map.of()).settings(),
                  meters,
                  new NodeTimer(),
                  new Periodic(meters).guard("session_positions")),
              guard,
              new NewDestinations(properties().newDestinations(), System::nanoTime, meters));
      errors.start();
      ((Logger) LoggerFactory.getLogger("io.drumline")).addAppender(errors);
      ((Logger) LoggerFactory.getLogger("io.netty")).addAppender(errors);
      ((Logger) LoggerFactory.getLogger("io.drumline")).setLevel(Level.INFO);
    }

    /** Small ones; by hand, as Spring cannot read this class once Jazzer has rewritten it. */
    private static StompProperties properties() {
      return new StompProperties(
          Duration.ofSeconds(10),
          Duration.ofSeconds(10),
          Duration.ofSeconds(10),
          16,
          DataSize.ofBytes(256),
          DataSize.ofKilobytes(1),
          DataSize.ofKilobytes(1),
          4,
          2,
          16,
          DataSize.ofKilobytes(1),
          8,
          16,
          DataSize.ofMegabytes(1),
          UnmappedPolicy.REFUSE,
          new StompProperties.NewDestinations(Duration.ofHours(1), 0, 0, 1000, List.of()),
          new Rate(0, DataSize.ofBytes(0), Excess.DELAY));
    }

    private static Map<String, String> settings() {
      Map<String, String> settings = new HashMap<>();
      settings.put("users[0].login", "ann");
      settings.put("users[0].password", new BCryptPasswordEncoder(4).encode("sesame"));
      int rule = 0;
      for (String pattern : List.of("/topic/open/**", "/ephemeral/open/**", "/topic/team.blue/*")) {
        settings.put("rules[" + rule + "].pattern", pattern);
        settings.put("rules[" + rule + "].send", "authenticated");
        settings.put("rules[" + rule++ + "].subscribe", "authenticated");
      }
      settings.put("rules[" + rule + "].pattern", "/topic/news");
      settings.put("rules[" + rule + "].subscribe", "anyone");
      return settings;
    }

    private static <T> T of(String group, Class<T> type, Map<String, String> settings) {
      Map<String, String> named = new HashMap<>();
      settings.forEach((name, value) -> named.put("drumline." + group + "." + name, value));
      return new Binder(new MapConfigurationPropertySource(named))
          .bindOrCreate("drumline." + group, type);
    }

    void begin() {
      published.clear();
      errors.list.clear();
    }

    <T> T loop(Callable<T> task) throws Exception {
      return loops.group().next().submit(task).get(60, TimeUnit.SECONDS);
    }

    void check() {
      for (Draft draft : List.copyOf(published)) {
        assertThat(draft.destination().value())
            .matches("/(topic/open/.*|ephemeral/open/.*|topic/team\\.blue/[^/]*)");
        String headers = "\n" + new String(draft.headers(), UTF_8);
        assertThat(headers)
            .doesNotContain(
                "\0", "\r", "\nuser-name:", "\nsimpUser:", "\nsimpSessionId:", "\nmessage-id:");
      }
      assertThat(errors.list)
          .filteredOn(event -> event.getLevel().isGreaterOrEqual(Level.WARN))
          // A wrong passcode is told, the first one of a minute.
          .filteredOn(event -> !event.getLoggerName().endsWith(".Refusals"))
          .extracting(ILoggingEvent::getFormattedMessage)
          .isEmpty();
    }
  }
}
