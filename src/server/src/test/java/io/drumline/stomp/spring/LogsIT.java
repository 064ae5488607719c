package io.drumline.stomp.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.drumline.security.TokenMaker;
import io.drumline.testing.RawWebSocket;
import io.drumline.testing.StompClient;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageChannel;
import org.springframework.messaging.handler.annotation.MessageMapping;
import org.springframework.messaging.simp.config.ChannelRegistration;
import org.springframework.messaging.simp.stomp.StompHeaderAccessor;
import org.springframework.messaging.support.ChannelInterceptor;
import org.springframework.security.crypto.bcrypt.BCryptPasswordEncoder;
import org.springframework.stereotype.Controller;
import org.springframework.web.socket.config.annotation.WebSocketMessageBrokerConfigurer;
import org.springframework.web.socket.messaging.SessionConnectEvent;

/** What clients write, as it comes into the log: never raw, and secrets never. */
@ExtendWith(OutputCaptureExtension.class)
final class LogsIT {
  /** Would be a line of its own, turn the terminal red, and go on in the line before. */
  private static final String FORGED = "x\n2026-01-01 FORGED \u001b[31m\r\u009b31m\u2028FORGED";

  /** The same in a header. */
  private static final String ESCAPED =
      FORGED.replace("\\", "\\\\").replace("\r", "\\r").replace("\n", "\\n");

  private static final String SECRET = "tell-nobody";

  /** An application that complains of all that it gets, and quotes it. */
  @Configuration(proxyBeanMethods = false)
  static class Careless implements WebSocketMessageBrokerConfigurer {
    @Override
    public void configureClientInboundChannel(ChannelRegistration channel) {
      channel.interceptors(
          new ChannelInterceptor() {
            @Override
            public Message<?> preSend(Message<?> message, MessageChannel to) {
              String mood = StompHeaderAccessor.wrap(message).getFirstNativeHeader("mood");
              if (mood != null) {
                throw new IllegalArgumentException("I do not like " + mood);
              }
              return message;
            }
          });
    }

    @EventListener
    void connecting(SessionConnectEvent event) {
      throw new IllegalStateException(
          "Who is " + StompHeaderAccessor.wrap(event.getMessage()).getFirstNativeHeader("nick"));
    }

    @Bean
    Careful controller() {
      return new Careful();
    }
  }

  @Controller
  static class Careful {
    @MessageMapping("/complain")
    void complain(String text) {
      throw new IllegalArgumentException("I do not like " + text);
    }
  }

  @Test
  void hostileClientsWriteNoLineOfTheirOwnAndSecretsStaySecret(CapturedOutput output)
      throws Exception {
    try (SpringNode node =
        SpringNode.start(
            List.of(
                "logging.level.io.drumline=debug",
                "drumline.security.jwt.secret=" + TokenMaker.SECRET,
                "drumline.security.users[0].login=bob",
                "drumline.security.users[0].password="
                    + new BCryptPasswordEncoder(4).encode(SECRET),
                "drumline.listener.trusted-proxies=127.0.0.1",
                "drumline.api.keys[0].name=a",
                "drumline.api.keys[0].hash=sha256:" + "0".repeat(64),
                "drumline.api.keys[0].scopes=admin"),
            Careless.class)) {
      String token = TokenMaker.hmac(TokenMaker.ann());
      String forgedToken = TokenMaker.forged("{\"alg\":\"none\"}", "{\"sub\":\"ann\"}", SECRET);

      refused(node, "login:" + ESCAPED, "passcode:" + SECRET);
      refused(node, "login:bob", "passcode:" + SECRET + "-not");
      refused(node, "Authorization:Bearer " + forgedToken);
      refused(node, "Authorization:Bearer " + ESCAPED);
      refused(node, "Authorization:Bearer " + token, "mood:" + ESCAPED);
      refused(node, "login:bob", "passcode:" + SECRET, "mood:" + ESCAPED);
      refused(node, "Authorization:Bearer " + token, "client-id:" + ESCAPED);
      for (String frame :
          List.of(
              "SUBSCRIBE\nid:1\ndestination:/topic/" + ESCAPED,
              "SUBSCRIBE\nid:1\ndestination:/topic/a\nresume-after:" + ESCAPED,
              "SUBSCRIBE\nid:1\ndestination:/topic/a\nmood:" + ESCAPED,
              "SEND\ndestination:/app/" + ESCAPED,
              "SEND\ndestination:/app/session/token\ncontent-length:11",
              "ACK\nid:" + ESCAPED,
              "BEGIN\ntransaction:" + ESCAPED + "\n\n\0BEGIN\ntransaction:" + ESCAPED,
              "NO\u001b[31mSUCH")) {
        try (StompClient client = bob(node)) {
          client.send(frame + "\nreceipt:r\n\n" + SECRET + "\0");
          client.nextFrame();
        }
      }
      try (StompClient client = bob(node)) {
        client.send("SEND\ndestination:/app/complain\n\n" + FORGED + "\0");
        await().until(() -> output.getAll().contains("I do not like x"));
      }
      badUpgrades(node);
      badKeys(node);
      await().until(() -> output.getAll().contains("A listener failed on a SessionConnectEvent"));
      await().until(() -> output.getAll().contains("A client was refused"));

      assertThat(output.getAll().replaceAll("[\\n\\t]", ""))
          .doesNotContainPattern("[\\p{Cntrl}\\x80-\\x9f\\u2028]");
      assertThat(output.getAll().lines()).noneMatch(line -> line.startsWith("2026-01-01 FORGED"));
      assertThat(output)
          .contains("Who is null")
          .doesNotContain(SECRET)
          .doesNotContain(token.substring(token.lastIndexOf('.')))
          .doesNotContain(forgedToken.substring(0, 20))
          .doesNotContain(TokenMaker.SECRET);
    }
  }

  private static StompClient bob(SpringNode node) {
    return node.client("login:bob", "passcode:" + SECRET);
  }

  private static void refused(SpringNode node, String... headers) {
    try (StompClient client = node.open()) {
      client.send("CONNECT\naccept-version:1.2\nhost:h\n" + String.join("\n", headers) + "\n\n\0");
      client.expect("ERROR");
    }
  }

  private static void badUpgrades(SpringNode node) throws Exception {
    for (String head :
        List.of(
            "GET /ws/%0d%0aFORGED\u001b HTTP/1.1\r\nHost: h\r\n\r\n",
            "GET /\u001b[31m HTTP/1.1\r\nHost: h\r\n\r\n",
            "GET /ws HTTP/1.1\r\nHost: \u001b[31m\r\nOrigin: http://\u001b[31m\r\n\r\n",
            "GET /ws HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: \u001b[31m, 1.2.3\r\nUpgrade:"
                + " websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Key: "
                + RawWebSocket.KEY
                + "\r\n\r\n",
            "\u001b[31m\n\n\n")) {
      try (RawWebSocket socket = RawWebSocket.open(node.port())) {
        socket.raw(head);
        assertThat(socket.response().status()).isBetween(400, 499);
      }
    }
  }

  private static void badKeys(SpringNode node) throws Exception {
    URI api =
        URI.create("http://127.0.0.1:" + node.property("local.server.port") + "/api/v1/publish");
    HttpRequest request =
        HttpRequest.newBuilder(api)
            .header("X-API-Key", SECRET)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString("{}"))
            .build();
    assertThat(
            HttpClient.newHttpClient()
                .send(request, HttpResponse.BodyHandlers.ofString())
                .statusCode())
        .isEqualTo(401);
  }
}
