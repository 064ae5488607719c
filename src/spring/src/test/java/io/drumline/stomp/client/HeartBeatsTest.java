package io.drumline.stomp.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.mockito.ArgumentMatchers.longThat;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.times;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.when;

import io.drumline.backplane.Backplane;
import io.drumline.backplane.MessageIds;
import io.drumline.hub.Compression;
import io.drumline.hub.Connection;
import io.drumline.hub.EventLoops;
import io.drumline.hub.Frames;
import io.drumline.hub.Hub;
import io.drumline.hub.Wheel;
import io.drumline.spring.HubProperties;
import io.drumline.stomp.codec.StompException;
import io.drumline.stomp.settings.StompProperties;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.mockito.ArgumentCaptor;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class HeartBeatsTest {
  private static final int PATIENCE_MILLIS = 20_000;

  @ParameterizedTest(name = "client {0} and server {1},{2}: sends {3}, hears {4}")
  @CsvSource({
    "'0,0',          10s, 10s, 0,     0",
    "'1000,0',       10s, 10s, 0,     10000",
    "'0,1000',       10s, 10s, 10000, 0",
    "'30000,20000',  10s, 10s, 20000, 30000",
    "'1000,1000',    0s,  10s, 0,     10000",
    "'1000,1000',    10s, 0s,  10000, 0",
    "' 1000 , 2000', 1s,  1s,  2000,  1000",
    "'9999999999,9999999999', 1s, 1s, 86400000, 86400000",
  })
  void eachDirectionTakesTheSlowerOffer(
      String client, String sends, String wants, long send, long receive) {
    assertThat(HeartBeats.agree(client, properties(sends, wants)))
        .isEqualTo(new HeartBeats(send, receive));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "1000", "1000,", ",1000", "-1,0", "0,-1", "a,b", "1,2,3", "1.5,0"})
  void refusesWhatIsNotTwoNumbers(String header) {
    StompProperties properties = properties("10s", "10s");

    assertThatExceptionOfType(StompException.class)
        .isThrownBy(() -> HeartBeats.agree(header, properties))
        .withMessageContaining("two numbers of milliseconds");
  }

  /** A timer keeps its connection, also one that has ended. */
  @Test
  void looksInSoonHoweverSeldomABeatIs() {
    Connection connection = mock(Connection.class);
    Wheel wheel = mock(Wheel.class);
    when(connection.wheel()).thenReturn(wheel);
    when(connection.open()).thenReturn(true);
    when(connection.lastWrite()).thenReturn(System.nanoTime());
    when(connection.lastHeard()).thenReturn(System.nanoTime());

    new HeartBeats(86_400_000, 86_400_000).start(connection, Frames.Payload.TEXT);

    ArgumentCaptor<Wheel.Timer> timers = ArgumentCaptor.forClass(Wheel.Timer.class);
    verify(wheel, times(2)).after(longThat(millis -> millis <= 30_000), timers.capture());
    for (Wheel.Timer timer : timers.getAllValues()) {
      assertThat(timer.fire()).isBetween(1L, 30_000L);
    }
    when(connection.open()).thenReturn(false);
    for (Wheel.Timer timer : timers.getAllValues()) {
      assertThat(timer.fire()).isZero();
    }
  }

  @Test
  void beatsWhileTheConnectionIsIdle() throws Exception {
    try (Peer peer = new Peer()) {
      peer.start(new HeartBeats(300, 0));

      for (int beat = 0; beat < 3; beat++) {
        assertThat(peer.in.readNBytes(3)).containsExactly(0x81, 1, '\n');
      }
    }
  }

  @Test
  void closesASilentClient() throws Exception {
    try (Peer peer = new Peer()) {
      peer.start(new HeartBeats(0, 100));

      assertThat(peer.in.read()).isEqualTo(0x88);
      peer.in.read();
      assertThat(peer.in.readNBytes(2)).containsExactly(4002 >> 8, 4002 & 0xFF);
    }
  }

  @Test
  void keepsAClientThatIsHeard() throws Exception {
    try (Peer peer = new Peer()) {
      peer.start(new HeartBeats(300, 1000)); // a silent one is closed after 3 s

      for (int beat = 0; beat < 32; beat++) { // 100 ms or more each
        assertThat(peer.in.readNBytes(3)).containsExactly(0x81, 1, '\n');
        peer.socket.getOutputStream().write('\n');
      }
    }
  }

  private static StompProperties properties(String sends, String wants) {
    return bind(
        "drumline.stomp",
        StompProperties.class,
        Map.of(
            "drumline.stomp.heart-beat-send", sends, "drumline.stomp.heart-beat-receive", wants));
  }

  private static <T> T bind(String prefix, Class<T> type, Map<String, String> settings) {
    return new Binder(new MapConfigurationPropertySource(settings)).bindOrCreate(prefix, type);
  }

  /** A client's plain socket, and the hub's connection at its other end. */
  private static final class Peer implements AutoCloseable {
    private final EventLoops loops = new EventLoops(1);
    private final CompletableFuture<Connection> accepted = new CompletableFuture<>();
    private final Socket socket;
    private final InputStream in;

    Peer() throws Exception {
      Hub hub =
          new Hub(
              loops,
              mock(Backplane.class),
              new MessageIds(),
              bind("drumline.hub", HubProperties.class, Map.of()).settings(),
              new SimpleMeterRegistry(),
              null);
      Channel server =
          new ServerBootstrap()
              .group(loops.group())
              .channel(loops.serverChannelType())
              .childHandler(
                  new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                      Connection connection = hub.connect(channel, Compression.NONE);
                      channel.pipeline().addLast(new Ear(connection));
                      accepted.complete(connection);
                    }
                  })
              .bind(InetAddress.getLoopbackAddress(), 0)
              .sync()
              .channel();
      socket =
          new Socket(
              InetAddress.getLoopbackAddress(),
              ((InetSocketAddress) server.localAddress()).getPort());
      socket.setSoTimeout(PATIENCE_MILLIS);
      in = socket.getInputStream();
    }

    void start(HeartBeats beats) throws Exception {
      Connection connection = accepted.get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
      connection.execute(() -> beats.start(connection, Frames.Payload.TEXT));
    }

    @Override
    public void close() throws IOException {
      socket.close();
      loops.close();
    }
  }

  /** Tells the connection that its client was heard. */
  private static final class Ear extends ChannelInboundHandlerAdapter {
    private final Connection connection;

    Ear(Connection connection) {
      this.connection = connection;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object bytes) {
      ReferenceCountUtil.release(bytes);
      connection.heard();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      connection.ended();
    }
  }
}
