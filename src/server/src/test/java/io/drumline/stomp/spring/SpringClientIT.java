package io.drumline.stomp.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.drumline.testing.StompClient;
import java.lang.reflect.Type;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.Bean;
import org.springframework.messaging.converter.CompositeMessageConverter;
import org.springframework.messaging.converter.JacksonJsonMessageConverter;
import org.springframework.messaging.converter.StringMessageConverter;
import org.springframework.messaging.handler.annotation.MessageMapping;
import org.springframework.messaging.simp.annotation.SubscribeMapping;
import org.springframework.messaging.simp.stomp.ConnectionLostException;
import org.springframework.messaging.simp.stomp.StompCommand;
import org.springframework.messaging.simp.stomp.StompFrameHandler;
import org.springframework.messaging.simp.stomp.StompHeaders;
import org.springframework.messaging.simp.stomp.StompSession;
import org.springframework.messaging.simp.stomp.StompSession.Subscription;
import org.springframework.messaging.simp.stomp.StompSessionHandlerAdapter;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import org.springframework.web.socket.WebSocketHttpHeaders;
import org.springframework.web.socket.client.standard.StandardWebSocketClient;
import org.springframework.web.socket.messaging.WebSocketStompClient;

/** Spring's own STOMP client against a node. */
class SpringClientIT {
  private static final int PATIENCE_SECONDS = 20;

  private static SpringNode node;
  private static ThreadPoolTaskScheduler scheduler;
  private static WebSocketStompClient client;

  @BeforeAll
  static void start() {
    node = SpringNode.start(Application.class);
    scheduler = new ThreadPoolTaskScheduler();
    scheduler.initialize();
    client = new WebSocketStompClient(new StandardWebSocketClient());
    client.setMessageConverter(
        new CompositeMessageConverter(
            List.of(new StringMessageConverter(), new JacksonJsonMessageConverter())));
    client.setTaskScheduler(scheduler);
    client.setDefaultHeartbeat(new long[] {1000, 1000});
  }

  @AfterAll
  static void stop() {
    client.stop();
    scheduler.shutdown();
    node.close();
  }

  record Note(String text) {}

  @Test
  void connectsWithTheHighestVersionAndHeartBeats() throws Exception {
    Handler handler = new Handler();
    connect(handler);

    StompHeaders connected = handler.connected.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    assertThat(connected.getFirst("version")).isEqualTo("1.2");
    assertThat(connected.getFirst("session")).isNotBlank();
    assertThat(connected.getHeartbeat()).containsExactly(10_000, 10_000);
    handler.session.disconnect();
  }

  @Test
  void sendsAndReceivesObjectsOfATopic() throws Exception {
    Handler handler = connect(new Handler());
    Inbox inbox = new Inbox();
    handler.receipt(handler.session.subscribe("/topic/notes", inbox));

    handler.session.send("/topic/notes", new Note("hello"));

    assertThat(inbox.next()).isEqualTo(new Note("hello"));
    handler.session.disconnect();
  }

  @Test
  void callsTheApplicationAndIsAnswered() throws Exception {
    Handler handler = connect(new Handler());
    Inbox answers = new Inbox();
    handler.receipt(handler.session.subscribe("/topic/shout", answers));

    handler.receipt(handler.session.send("/app/shout", new Note("hello")));

    assertThat(answers.next()).isEqualTo(new Note("HELLO"));
    Inbox state = new Inbox();
    handler.session.subscribe("/app/state", state);
    assertThat(state.next()).isEqualTo(new Note("state"));
    handler.session.disconnect();
  }

  @Test
  void unsubscribes() throws Exception {
    Handler handler = connect(new Handler());
    Inbox ended = new Inbox();
    Inbox lasting = new Inbox();
    Subscription subscription = handler.session.subscribe("/topic/a", ended);
    handler.receipt(subscription);
    handler.receipt(handler.session.subscribe("/topic/b", lasting));

    subscription.unsubscribe();
    handler.session.send("/topic/a", new Note("not seen"));
    handler.session.send("/topic/b", new Note("seen"));

    assertThat(lasting.next()).isEqualTo(new Note("seen"));
    assertThat(ended.received).isEmpty();
    handler.session.disconnect();
  }

  @Test
  void acknowledges() throws Exception {
    Handler handler = connect(new Handler());
    StompHeaders headers = new StompHeaders();
    headers.setDestination("/topic/acked");
    headers.setAck("client-individual");
    Inbox inbox = new Inbox();
    handler.receipt(handler.session.subscribe(headers, inbox));

    handler.session.send("/topic/acked", new Note("x"));

    assertThat(inbox.next()).isEqualTo(new Note("x"));
    StompHeaders message = inbox.headers.remove();
    handler.receipt(handler.session.acknowledge(message.getAck(), true));
    handler.session.disconnect();
  }

  @Test
  void seesAnErrorAndTheEnd() throws Exception {
    Handler handler = connect(new Handler());

    handler.session.send("/elsewhere", new Note("x"));

    StompHeaders error = handler.errors.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    assertThat(error).isNotNull();
    assertThat(error.getFirst("message")).startsWith("Unknown destination");
    assertThat(handler.failures.poll(PATIENCE_SECONDS, TimeUnit.SECONDS))
        .isInstanceOf(ConnectionLostException.class);
    assertThat(handler.session.isConnected()).isFalse();
  }

  @Test
  void disconnectsInOrder() throws Exception {
    Handler handler = connect(new Handler());
    int before = connections();

    handler.session.disconnect();

    await().until(() -> connections() < before);
    assertThat(handler.failures).isEmpty();
  }

  @Test
  void sharesATopicWithOtherClients() throws Exception {
    Handler handler = connect(new Handler());
    Inbox inbox = new Inbox();
    handler.receipt(handler.session.subscribe("/topic/shared", inbox));
    try (StompClient raw = node.client()) {
      raw.subscribe("s", "/topic/shared");

      raw.publish("/topic/shared", "{\"text\":\"raw\"}", "content-type:application/json");
      raw.expectMessage("{\"text\":\"raw\"}");
      assertThat(inbox.next()).isEqualTo(new Note("raw"));

      handler.session.send("/topic/shared", new Note("spring"));
      raw.expectMessage("{\"text\":\"spring\"}");
    }
    handler.session.disconnect();
  }

  private static int connections() {
    return node.bean(io.drumline.hub.Hub.class).connectionCount();
  }

  private static Handler connect(Handler handler) throws Exception {
    WebSocketHttpHeaders handshake = new WebSocketHttpHeaders();
    handshake.setSecWebSocketProtocol(List.of("v12.stomp", "v11.stomp"));
    handler.session =
        client
            .connectAsync("ws://localhost:" + node.port() + "/ws", handshake, handler)
            .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    handler.session.setAutoReceipt(true);
    return handler;
  }

  /** What the client was told. */
  private static final class Handler extends StompSessionHandlerAdapter {
    final CompletableFuture<StompHeaders> connected = new CompletableFuture<>();
    final BlockingQueue<StompHeaders> errors = new LinkedBlockingQueue<>();
    final BlockingQueue<Throwable> failures = new LinkedBlockingQueue<>();
    StompSession session;

    /** Awaits the receipt of what was just sent. */
    void receipt(StompSession.Receiptable sent) throws Exception {
      CompletableFuture<Boolean> received = new CompletableFuture<>();
      sent.addReceiptTask(() -> received.complete(true));
      sent.addReceiptLostTask(() -> received.complete(false));
      assertThat(received.get(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
    }

    @Override
    public void afterConnected(StompSession opened, StompHeaders headers) {
      connected.complete(headers);
    }

    @Override
    public void handleFrame(StompHeaders headers, @Nullable Object payload) {
      errors.add(headers);
    }

    @Override
    public void handleException(
        StompSession failed,
        @Nullable StompCommand command,
        StompHeaders headers,
        byte[] payload,
        Throwable exception) {
      failures.add(exception);
    }

    @Override
    public void handleTransportError(StompSession failed, Throwable exception) {
      failures.add(exception);
    }
  }

  private static final class Inbox implements StompFrameHandler {
    final BlockingQueue<StompHeaders> headers = new LinkedBlockingQueue<>();
    final BlockingQueue<Note> received = new LinkedBlockingQueue<>();

    @Override
    public Type getPayloadType(StompHeaders of) {
      return Note.class;
    }

    @Override
    public void handleFrame(StompHeaders of, @Nullable Object payload) {
      headers.add(of);
      received.add((Note) payload);
    }

    Note next() throws InterruptedException {
      return received.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
  }

  /** What the application is made of. */
  static class Application {
    @Bean
    Calls calls() {
      return new Calls();
    }
  }

  @TestController
  static class Calls {
    @MessageMapping("/shout")
    Note shout(Note note) {
      return new Note(note.text().toUpperCase(java.util.Locale.ROOT));
    }

    @SubscribeMapping("/state")
    Note state() {
      return new Note("state");
    }
  }
}
