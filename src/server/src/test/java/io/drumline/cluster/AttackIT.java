package io.drumline.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.message.CloseCode;
import io.drumline.security.TokenMaker;
import io.drumline.testing.RawWebSocket;
import io.drumline.testing.StompClient;
import io.drumline.testing.StompClient.Carriage;
import io.drumline.testing.StompFrame;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.Deflater;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.security.crypto.bcrypt.BCryptPasswordEncoder;

/** Attacks on a whole node; docs/security.md lists them beside those of the other suites. */
class AttackIT {
  private static final int COMPRESSED = 0x40;

  private static Node node;
  private final List<StompClient> clients = new ArrayList<>();

  @BeforeAll
  static void start() {
    node =
        Node.alone(
            "drumline.security.jwt.secret=" + TokenMaker.SECRET,
            "drumline.security.rules[0].pattern=/topic/open/**",
            "drumline.security.rules[0].send=authenticated",
            "drumline.security.rules[0].subscribe=authenticated",
            "drumline.stomp.max-subscriptions=8");
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  @AfterEach
  void hangUp() {
    clients.forEach(StompClient::close);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://evil.example",
        "https://localhost.evil.example",
        "http://evil.example/localhost",
        "http://localhost@evil.example",
        "null",
        "file://",
        ""
      })
  void aPageOfAnotherSiteOpensNoSocket(String origin) throws Exception {
    assertThat(
            RawWebSocket.to(node.port())
                .protocols("v12.stomp")
                .header("Origin", origin)
                .refused()
                .status())
        .isEqualTo(403);
  }

  @Test
  void aPageOfThisHostOpensOne() throws Exception {
    RawWebSocket.to(node.port())
        .protocols("v12.stomp")
        .header("Origin", "http://localhost:3000")
        .connect()
        .close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/topic/*",
        "/topic/**",
        "/topic/{x}",
        "/topic/open%2F..%2Fsecret",
        "/topic/open/*",
        "/topic/open/**",
        "/topic//open/a",
        "/topic/./open/a",
        "/TOPIC/open/a",
        "/topic/%6fpen/a",
        "topic/open/a",
        "/topic/open\\\\a"
      })
  void noSpellingOpensAnotherDestination(String destination) {
    StompClient client = ann();
    client.send("SUBSCRIBE\nid:1\ndestination:" + destination + "\n\n\0");
    client.expect("ERROR");
    client.expectClose();
  }

  @Test
  void dotsLeadNowhere() {
    StompClient client = ann();
    client.subscribe("1", "/topic/open/../secret"); // a name like any other
    client.subscribe("2", "/topic/open/a");
    assertThat(node.publish("{\"destination\":\"/topic/secret\",\"body\":\"s\"}")).isEqualTo(200);
    assertThat(node.publish("{\"destination\":\"/topic/open/a\",\"body\":\"a\"}")).isEqualTo(200);
    client.expect("MESSAGE", "subscription:2");
  }

  @Test
  void anotherUsersDestinationIsNeverReached() {
    StompClient client = ann();
    int id = 0;
    for (String spelling :
        List.of(
            "/user/bob/queue/x", "/user/%62ob/queue/x", "/user/bob%2F/queue/x", "/user//bob/x")) {
      client.send("SUBSCRIBE\nid:" + ++id + "\ndestination:" + spelling + "\n\n\0");
    }
    assertThat(node.publish("{\"user\":\"bob\",\"destination\":\"/queue/x\",\"body\":\"bob's\"}"))
        .isEqualTo(200);
    client.subscribe("own", "/user/queue/own");
    assertThat(node.publish("{\"user\":\"ann\",\"destination\":\"/queue/own\",\"body\":\"a\"}"))
        .isEqualTo(200);
    client.expectMessage("a");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.0", "1.1", "1.2"})
  void escapesPutNoHeaderIntoWhatOthersGet(String version) {
    StompClient subscriber = ann(version);
    subscriber.subscribe("1", "/topic/open/escapes");
    ann()
        .publishConfirmed(
            "/topic/open/escapes",
            "x",
            "mood:good\\nuser-name:root\\n\\nbody",
            "mo\\nuser-name\\cod:x",
            "rest:\\r\\nuser-name\\croot");
    StompFrame message = subscriber.expectMessage("x");
    assertThat(message.header("user-name")).isNull();
    assertThat(message.header("destination")).isEqualTo("/topic/open/escapes");
  }

  @Test
  void aSelectorIsNotEvaluated() {
    StompClient selecting = ann();
    selecting.command(
        "SUBSCRIBE",
        "id:1",
        "destination:/topic/open/spel",
        "selector:T(java.lang.System).setProperty('drumline.attacked'\\c'yes') == null");
    selecting.expectErrorAndClose();
    StompClient subscriber = ann();
    subscriber.subscribe("1", "/topic/open/spel");
    ann()
        .publishConfirmed(
            "/topic/open/spel", "x", "note:#{T(java.lang.System).exit(1)} ${jndi\\cldap\\c//x}");
    subscriber.expectMessage("x");
    assertThat(System.getProperty("drumline.attacked")).isNull();
  }

  @Test
  void forgedHeadersOfTheServerReachNobody() {
    StompClient subscriber = ann();
    subscriber.subscribe("1", "/topic/open/forged");
    ann()
        .publishConfirmed(
            "/topic/open/forged",
            "x",
            "message-id:1",
            "subscription:9",
            "passcode:secret",
            "Authorization:Bearer x",
            "color:red");
    StompFrame message = subscriber.expect("MESSAGE", "subscription:1", "color:red");
    for (String header : List.of("passcode", "Authorization")) {
      assertThat(message.header(header)).as(header).isNull();
    }
    assertThat(message.header("message-id")).isNotEqualTo("1");
    for (String forged : List.of("user-name", "simpUser", "simpSessionId", "drumline-event")) {
      StompClient forger = ann();
      forger.publish("/topic/open/forged", "forged", forged + ":x", "receipt:r");
      assertThat(forger.expectErrorAndClose("receipt-id:r").header("message")).contains(forged);
    }
    ann().publishConfirmed("/topic/open/forged", "last");
    subscriber.expectMessage("last");
  }

  @Test
  void whoNeverFinishesConnectIsClosed() {
    try (Node impatient = Node.alone("drumline.stomp.connect-timeout=500ms");
        StompClient slow = StompClient.open(impatient.port(), Carriage.TEXT, "v12.stomp")) {
      for (byte b : "CONNECT\naccept-version:1.2\n".getBytes(UTF_8)) {
        slow.offer(new byte[] {b});
      }
      // What goes on does not put it off.
      Node.patiently().until(() -> !slow.offer(new byte[] {'x'}));
      impatient.awaitMetric("drumline_closes_total{reason=\"connect_timeout\"}", 1);
    }
  }

  @Test
  void aWholeConversationInFragmentsOfOneByteIsServed() {
    StompClient client = StompClient.open(node.port(), Carriage.TEXT, "v12.stomp");
    clients.add(client);
    byte[] connect =
        ("CONNECT\naccept-version:1.2\nhost:h\nAuthorization:Bearer "
                + TokenMaker.hmac(TokenMaker.ann())
                + "\n\n\0")
            .getBytes(UTF_8);
    for (int i = 0; i < connect.length; i++) {
      boolean last = i == connect.length - 1;
      client.frame(
          (last ? RawWebSocket.FIN : 0) | (i == 0 ? RawWebSocket.TEXT : RawWebSocket.CONTINUATION),
          new byte[] {connect[i]});
    }
    client.expect("CONNECTED");
  }

  @Test
  void subscriptionsAreBounded() {
    StompClient client = ann();
    for (int i = 0; i < 8; i++) {
      client.subscribe("s" + i, "/topic/open/" + i);
    }
    client.send("SUBSCRIBE\nid:more\ndestination:/topic/open/more\n\n\0");
    assertThat(client.expect("ERROR").header("message")).contains("subscriptions");
    client.expectClose();
  }

  @Test
  void aTokenSignedWithAnotherKeyGetsNoSocket() {
    StompClient client = StompClient.open(node.port(), Carriage.TEXT, "v12.stomp");
    clients.add(client);
    String token = TokenMaker.hmac(TokenMaker.ann());
    client.send(
        "CONNECT\naccept-version:1.2\nhost:h\nAuthorization:Bearer "
            + token.substring(0, token.lastIndexOf('.') + 1)
            + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
            + "\n\n\0");
    client.expect("ERROR");
    assertThat(client.expectClose()).isEqualTo(CloseCode.UNAUTHORIZED.code());
  }

  @Test
  void bombsBehindConnectAreNotKeptUntilItIsAnswered() throws Exception {
    try (Node node =
        Node.alone(
            "drumline.listener.compression=true",
            "drumline.security.users[0].login=bob",
            // takes a while to check
            "drumline.security.users[0].password=" + new BCryptPasswordEncoder(12).encode("x"))) {
      RawWebSocket socket =
          RawWebSocket.to(node.port())
              .header("Sec-WebSocket-Extensions", "permessage-deflate")
              .connect();
      StompClient client = new StompClient(socket, Carriage.TEXT);
      clients.add(client);
      // So that the node reads much at once from then on; between frames that is padding.
      socket.text("\n".repeat(200_000));
      socket.frame(RawWebSocket.FIN | RawWebSocket.PING, true, new byte[0]);
      assertThat(socket.next().opcode()).isEqualTo(RawWebSocket.PONG);

      byte[] bomb = deflated("SEND\ndestination:/topic/a\n\n" + "x".repeat(1_000_000) + "\0");
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      all.writeBytes(
          RawWebSocket.encode(
              RawWebSocket.FIN | RawWebSocket.TEXT,
              true,
              "CONNECT\naccept-version:1.2\nlogin:bob\npasscode:y\n\n\0".getBytes(UTF_8)));
      for (int i = 0; i < 10; i++) {
        all.writeBytes(
            RawWebSocket.encode(RawWebSocket.FIN | COMPRESSED | RawWebSocket.TEXT, true, bomb));
      }
      socket.raw(all.toByteArray());

      assertThat(client.expect("ERROR").header("message")).startsWith("Too much came before");
      assertThat(client.expectClose()).isEqualTo(CloseCode.TOO_BIG.code());
    }
  }

  private static byte[] deflated(String text) {
    Deflater deflater = new Deflater(Deflater.BEST_COMPRESSION, true);
    deflater.setInput(text.getBytes(UTF_8));
    byte[] bytes = new byte[text.length()];
    int length = deflater.deflate(bytes, 0, bytes.length, Deflater.SYNC_FLUSH);
    deflater.end();
    return Arrays.copyOf(bytes, length - 4); // as RFC 7692 says, without the empty block's end
  }

  private StompClient ann() {
    return ann("1.2");
  }

  private StompClient ann(String version) {
    StompClient client =
        StompClient.open(node.port(), Carriage.TEXT, "v" + version.replace(".", "") + ".stomp");
    clients.add(client);
    return client.connect(version, "Authorization:Bearer " + TokenMaker.hmac(TokenMaker.ann()));
  }
}
