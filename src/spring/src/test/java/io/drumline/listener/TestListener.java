package io.drumline.listener;

import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyInt;
import static org.mockito.ArgumentMatchers.anyLong;
import static org.mockito.Mockito.doAnswer;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import io.drumline.backplane.MemoryBackplane;
import io.drumline.backplane.MemoryLimits;
import io.drumline.backplane.MessageIds;
import io.drumline.backplane.Retentions;
import io.drumline.hub.Connection;
import io.drumline.hub.EventLoops;
import io.drumline.hub.Hub;
import io.drumline.hub.HubSettings;
import io.drumline.security.Limits;
import io.drumline.security.OriginPolicy;
import io.drumline.spring.HubProperties;
import io.drumline.stomp.StompSession;
import io.drumline.stomp.StompSessions;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.ByteBuf;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import org.springframework.boot.ssl.SslBundles;

/** A listener on a free port, with the real hub and sessions that only note what they are told. */
final class TestListener implements AutoCloseable {
  final AtomicBoolean accepting = new AtomicBoolean(true);
  final BlockingQueue<Connection> connections = new LinkedBlockingQueue<>();
  final BlockingQueue<Integer> endings = new LinkedBlockingQueue<>();
  final BlockingQueue<Long> pongs = new LinkedBlockingQueue<>();
  final MeterRegistry meters = new SimpleMeterRegistry();
  private final ByteArrayOutputStream received = new ByteArrayOutputStream();
  private final EventLoops loops = new EventLoops(1);
  private final Listener listener;

  /**
   * Called with each connection's bytes; by default nothing. To be set before a client connects.
   */
  volatile BiConsumer<Connection, ByteBuf> onBytes = (connection, bytes) -> {};

  /** Starts it with {@code drumline.listener} properties, given as name and value in turn. */
  TestListener(String... settings) {
    this(new DefaultSslBundleRegistry(), settings);
  }

  /** The same, with SSL bundles to choose from. */
  TestListener(SslBundles bundles, String... settings) {
    MapConfigurationPropertySource source = new MapConfigurationPropertySource();
    source.put("drumline.listener.port", "0");
    for (int i = 0; i < settings.length; i += 2) {
      source.put("drumline.listener." + settings[i], settings[i + 1]);
    }
    ListenerProperties properties =
        new Binder(source).bindOrCreate("drumline.listener", ListenerProperties.class);
    HubSettings hubSettings =
        new Binder(new MapConfigurationPropertySource(Map.of()))
            .bindOrCreate("drumline.hub", HubProperties.class)
            .settings();
    Hub hub =
        new Hub(
            loops,
            new MemoryBackplane(
                new MessageIds(), Retentions.DEFAULTS, MemoryLimits.DEFAULTS, meters),
            new MessageIds(),
            hubSettings,
            meters,
            null);
    StompSessions sessions = sessions();
    Gate gate = new Gate(properties, new OriginPolicy(List.of()), sessions::accepting, meters);
    Handshakes handshakes = new Handshakes(properties.maxHandshakes(), loops, meters);
    String bundle = properties.sslBundle();
    Tls tls = bundle == null ? null : new Tls(bundle, bundles, properties.handshakeTimeout());
    Pipeline pipeline =
        new Pipeline(
            properties,
            gate,
            new Sockets(
                properties,
                hub,
                sessions,
                new Limits(meters),
                new InflateContexts(properties.compressionMemory(), meters)),
            handshakes,
            tls);
    listener = new Listener(properties, loops, pipeline, port -> {});
    listener.start();
  }

  int port() {
    return listener.port();
  }

  void stopAccepting() {
    listener.stop();
  }

  /** What all sessions together have received so far. */
  byte[] received() {
    synchronized (received) {
      return received.toByteArray();
    }
  }

  double upgrades(String outcome) {
    return meters.get("drumline.upgrades").tag("outcome", outcome).counter().count();
  }

  double exceeded(String limit) {
    return meters.get("drumline.limits.exceeded").tag("limit", limit).counter().count();
  }

  double failed(String reason) {
    return meters.get("drumline.handshakes.failed").tag("reason", reason).counter().count();
  }

  private StompSessions sessions() {
    StompSessions sessions = mock(StompSessions.class);
    when(sessions.accepting()).thenAnswer(call -> accepting.get());
    when(sessions.open(any(), anyLong())).thenAnswer(call -> session(call.getArgument(0)));
    return sessions;
  }

  private StompSession session(Connection connection) {
    StompSession session = mock(StompSession.class);
    doAnswer(
            call -> {
              ByteBuf bytes = call.getArgument(0);
              byte[] copy = new byte[bytes.readableBytes()];
              bytes.getBytes(bytes.readerIndex(), copy);
              synchronized (received) {
                received.writeBytes(copy);
              }
              onBytes.accept(connection, bytes);
              return null;
            })
        .when(session)
        .received(any());
    doAnswer(call -> pongs.add(call.getArgument(0))).when(session).pong(anyLong());
    doAnswer(call -> endings.add(call.getArgument(0))).when(session).ended(anyInt());
    connections.add(connection);
    return session;
  }

  @Override
  public void close() {
    listener.stop();
    loops.close();
  }
}
