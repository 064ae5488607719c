package io.drumline.stomp;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.drumline.backplane.ControlChannel;
import io.drumline.backplane.MemoryBackplane;
import io.drumline.backplane.MemoryControl;
import io.drumline.backplane.MemoryLimits;
import io.drumline.backplane.MemoryRevocations;
import io.drumline.backplane.MemorySessions;
import io.drumline.backplane.MessageIds;
import io.drumline.backplane.Notice;
import io.drumline.backplane.Retentions;
import io.drumline.backplane.Revocations;
import io.drumline.backplane.SessionStore;
import io.drumline.hub.Compression;
import io.drumline.hub.Connection;
import io.drumline.hub.EventLoops;
import io.drumline.hub.Hub;
import io.drumline.loop.NodeTimer;
import io.drumline.loop.Periodic;
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
import io.drumline.stomp.application.ApplicationHandler;
import io.drumline.stomp.application.ApplicationQueue;
import io.drumline.stomp.application.InboundDoor;
import io.drumline.stomp.application.SpringBridge;
import io.drumline.stomp.application.Unmapped;
import io.drumline.stomp.client.StompMetrics;
import io.drumline.stomp.settings.StompProperties;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.messaging.simp.SimpMessagingTemplate;
import org.springframework.messaging.support.ChannelInterceptor;
import org.springframework.messaging.support.ExecutorSubscribableChannel;

/** Sessions of a node whose sockets, backplane and application are the test's. */
public final class FakeNode implements AutoCloseable {
  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  final ExecutorSubscribableChannel clientInbound = new ExecutorSubscribableChannel(Runnable::run);
  private final EventLoops loops = new EventLoops(1);
  private final ExecutorService application = Executors.newSingleThreadExecutor();
  final ExecutorSubscribableChannel brokerChannel = new ExecutorSubscribableChannel();
  final ControlChannel control = new MemoryControl(meters);
  final RemoteSessions remote;
  private final Hub hub;
  final StompSessions sessions;

  /**
   * Starts it.
   *
   * @param settings such as {@code security.users[0].login}, without {@code drumline.}
   */
  FakeNode(
      Map<String, String> settings,
      Revocations revocations,
      SessionStore store,
      ChannelInterceptor... interceptors) {
    Map<String, String> named = new HashMap<>();
    settings.forEach((name, value) -> named.put("drumline." + name, value));
    Binder binder = new Binder(new MapConfigurationPropertySource(named));
    MessageIds ids = new MessageIds();
    MemoryBackplane backplane =
        new MemoryBackplane(ids, Retentions.DEFAULTS, MemoryLimits.DEFAULTS, meters);
    hub =
        new Hub(
            loops,
            backplane,
            ids,
            binder.bindOrCreate("drumline.hub", HubProperties.class).settings(),
            meters,
            null);
    backplane.start(hub);
    SecurityProperties security =
        binder.bindOrCreate("drumline.security", SecurityProperties.class);
    StompProperties stomp = binder.bindOrCreate("drumline.stomp", StompProperties.class);
    for (ChannelInterceptor interceptor : interceptors) {
      clientInbound.addInterceptor(interceptor);
    }
    NodeTimer timer = new NodeTimer();
    SpringBridge bridge =
        new SpringBridge(
            clientInbound,
            new ApplicationQueue(
                application, 1 << 20, meters, new Periodic(meters).guard("application"), timer),
            event -> {},
            List.of("/app/"),
            new Unmapped(stomp.unmapped(), meters),
            null);
    sessions =
        new StompSessions(
            hub,
            new Publisher(backplane, null, meters),
            bridge,
            stomp,
            new StompMetrics(meters),
            new NodeId("node"),
            new SharedSessions(
                store,
                binder.bindOrCreate("drumline.session", SessionProperties.class).settings(),
                meters,
                timer,
                new Periodic(meters).guard("session_positions")),
            new Guard(
                new Authenticator(security, Anonymous.ALLOWED, meters),
                new DestinationPolicy(security),
                new Limits(meters),
                revocations,
                new ClientIndex(0)),
            new NewDestinations(stomp.newDestinations(), System::nanoTime, meters));
    remote =
        new RemoteSessions(
            sessions,
            control,
            meters,
            CompletableFuture.delayedExecutor(100, TimeUnit.MILLISECONDS));
    remote.start();
    ExecutorSubscribableChannel unused = new ExecutorSubscribableChannel();
    ApplicationHandler handler =
        new ApplicationHandler(clientInbound, unused, new SimpMessagingTemplate(unused));
    handler.setDestinationPrefixes(List.of("/app/"));
    handler.start();
    Broker broker =
        new Broker(clientInbound, unused, brokerChannel, sessions, remote, new InboundDoor(meters));
    broker.start();
  }

  public FakeNode(Map<String, String> settings, ChannelInterceptor... interceptors) {
    this(settings, new MemoryRevocations(), memorySessions(), interceptors);
  }

  static SessionStore memorySessions() {
    return new MemorySessions(MemoryLimits.DEFAULTS, new SimpleMeterRegistry());
  }

  /** A client whose socket has just been upgraded. */
  public Client open() throws Exception {
    return new Client();
  }

  <T> T onLoop(Callable<T> task) throws Exception {
    return loops.group().next().submit(task).get(60, TimeUnit.SECONDS);
  }

  public double count(String meter, String... tags) {
    return meters.get(meter).tags(tags).counter().count();
  }

  /** The notices of these kinds that are told from now on. */
  List<Notice> told(String... kinds) {
    List<Notice> told = new CopyOnWriteArrayList<>();
    for (String kind : kinds) {
      control.listen(
          kind,
          new ControlChannel.Listener() {
            @Override
            public void heard(Notice notice) {
              told.add(notice);
            }

            @Override
            public void missed() {
              // nothing is lost in memory
            }
          });
    }
    return told;
  }

  @Override
  public void close() {
    application.shutdownNow();
    loops.group().shutdownGracefully(0, 0, TimeUnit.SECONDS);
  }

  /** One client, whose socket is a list of bytes. */
  public final class Client {
    final FakeSocket socket = new FakeSocket();
    final Connection connection;
    final StompSession session;
    private final ByteArrayOutputStream heard = new ByteArrayOutputStream();

    private Client() throws Exception {
      loops.group().register(socket).sync();
      connection = onLoop(() -> hub.connect(socket, Compression.NONE));
      session = onLoop(() -> sessions.open(connection, System.nanoTime()));
    }

    /** Sends these bytes; a frame ends with its NUL. */
    public Client send(String frames) throws Exception {
      onLoop(
          () -> {
            session.received(Unpooled.copiedBuffer(frames, UTF_8));
            return frames;
          });
      return this;
    }

    /** All that came so far, WebSocket framing included. */
    public String heard() throws Exception {
      heard.writeBytes(onLoop(socket::written));
      return heard.toString(UTF_8);
    }

    public int closeCode() throws Exception {
      return onLoop(() -> connection.open() ? 0 : connection.closeCode());
    }
  }
}
