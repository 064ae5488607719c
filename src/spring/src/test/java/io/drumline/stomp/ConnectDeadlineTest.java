package io.drumline.stomp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.drumline.backplane.MemoryRevocations;
import io.drumline.backplane.Revocations;
import io.drumline.backplane.Revocations.Revocation;
import io.drumline.backplane.SessionStore;
import io.drumline.backplane.SessionStore.Opened;
import io.drumline.backplane.SessionStore.Opening;
import io.drumline.message.CloseCode;
import io.micrometer.core.instrument.Counter;
import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageChannel;
import org.springframework.messaging.support.ChannelInterceptor;
import org.springframework.security.crypto.bcrypt.BCryptPasswordEncoder;

/** One deadline from the upgrade to CONNECTED, whatever does not answer. */
class ConnectDeadlineTest {
  private static final String CONNECT = "CONNECT\naccept-version:1.2\nlogin:ann\npasscode:x\n";

  /** The cost of a password whose check takes much longer than the deadline. */
  private static final int SLOW = 13;

  @Test
  void noConnectFrame() throws Exception {
    try (FakeNode node = new FakeNode(settings(4))) {
      FakeNode.Client client = node.open().send("CONNECT\naccept-version:1.2\n");

      timedOut(node, client, "negotiating", "no complete CONNECT frame came");
      client.send("\n\0");
      assertThat(client.heard()).doesNotContain("CONNECTED\n");
    }
  }

  @Test
  void aPasswordThatTakesLongToCheck() throws Exception {
    try (FakeNode node = new FakeNode(settings(SLOW))) {
      FakeNode.Client client = node.open().send(CONNECT + "\n\0");

      timedOut(node, client, "authenticating", "the check of the token or password");
      await()
          .until(
              () ->
                  node
                          .meters
                          .find("drumline.authentications")
                          .tag("outcome", "accepted")
                          .counters()
                          .stream()
                          .mapToDouble(Counter::count)
                          .sum()
                      == 1);
      assertThat(client.heard()).doesNotContain("CONNECTED\n");
    }
  }

  @Test
  void aBlockLookUpThatIsNotAnswered() throws Exception {
    CompletableFuture<Optional<Revocation>> answer = new CompletableFuture<>();
    Revocations hanging = answering(Revocations.class, new MemoryRevocations(), "check", answer);
    try (FakeNode node = new FakeNode(settings(4), hanging, FakeNode.memorySessions())) {
      FakeNode.Client client = node.open().send(CONNECT + "\n\0");

      timedOut(node, client, "checking", "whether the client is blocked");
      answer.complete(Optional.empty());
      assertThat(client.heard()).doesNotContain("CONNECTED\n");
    }
  }

  @Test
  void anInterceptorThatDoesNotReturn() throws Exception {
    CountDownLatch gate = new CountDownLatch(1);
    CountDownLatch passed = new CountDownLatch(1);
    ChannelInterceptor hanging =
        new ChannelInterceptor() {
          @Override
          public Message<?> preSend(Message<?> message, MessageChannel channel) {
            try {
              gate.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
            return message;
          }

          @Override
          public void afterSendCompletion(
              Message<?> message,
              MessageChannel channel,
              boolean sent,
              @Nullable Exception failure) {
            passed.countDown();
          }
        };
    try (FakeNode node = new FakeNode(settings(4), hanging)) {
      FakeNode.Client client = node.open().send(CONNECT + "\n\0");

      timedOut(node, client, "intercepting", "the application's channel interceptors");
      gate.countDown();
      passed.await();
      assertThat(client.heard()).doesNotContain("CONNECTED\n");
    }
  }

  @Test
  void aSharedSessionThatDoesNotOpen() throws Exception {
    CompletableFuture<Opening> answer = new CompletableFuture<>();
    SessionStore hanging = answering(SessionStore.class, FakeNode.memorySessions(), "open", answer);
    try (FakeNode node = new FakeNode(settings(4), new MemoryRevocations(), hanging)) {
      FakeNode.Client client = node.open().send(CONNECT + "client-id:phone\n\n\0");

      timedOut(node, client, "opening", "did not open the session of the client-id");
      answer.complete(new Opened(1, SessionStore.Known.NOTHING, Map.of()));
      assertThat(client.heard()).doesNotContain("CONNECTED\n");
      await().until(() -> node.meters.get("drumline.sessions.shared").gauge().value() == 0);
    }
  }

  @Test
  void aClientThatIsConnectedInTimeStays() throws Exception {
    try (FakeNode node = new FakeNode(Map.of("stomp.connect-timeout", "2s"))) {
      FakeNode.Client client = node.open().send("CONNECT\naccept-version:1.2\n\n\0");
      await().until(() -> client.heard().contains("CONNECTED\n"));

      FakeNode.Client silent = node.open(); // whose deadline is later
      await().until(() -> silent.closeCode() == CloseCode.CONNECT_TIMEOUT.code());
      assertThat(client.closeCode()).isZero();
    }
  }

  private static void timedOut(FakeNode node, FakeNode.Client client, String state, String what)
      throws Exception {
    await().until(() -> client.closeCode() == CloseCode.CONNECT_TIMEOUT.code());
    assertThat(client.heard())
        .contains("ERROR\nmessage:You were not connected within 100 ms")
        .contains(what);
    assertThat(node.count("drumline.connect.timeouts", "state", state)).isEqualTo(1);
  }

  private static Map<String, String> settings(int cost) {
    Map<String, String> settings = new HashMap<>();
    settings.put("stomp.connect-timeout", "100ms");
    settings.put("security.users[0].login", "ann");
    settings.put("security.users[0].password", new BCryptPasswordEncoder(cost).encode("x"));
    return settings;
  }

  /** Like the other, but for one method, which answers this. */
  private static <T> T answering(Class<T> type, T other, String method, Object answer) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, called, arguments) ->
                called.getName().equals(method) ? answer : called.invoke(other, arguments)));
  }
}
