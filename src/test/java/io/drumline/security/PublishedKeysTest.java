package io.drumline.security;

import static io.drumline.security.TokenMaker.ann;
import static io.drumline.security.TokenMaker.rsa;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jwt.JWTClaimsSet;
import com.sun.net.httpserver.HttpServer;
import io.drumline.security.Authenticator.Anonymous;
import io.drumline.security.Login.Accepted;
import io.drumline.security.Login.Reason;
import io.drumline.security.Login.Refused;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.KeyPair;
import java.security.interfaces.RSAPublicKey;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Keys from an issuer's URL. */
class PublishedKeysTest {
  private final AtomicInteger fetches = new AtomicInteger();
  private final CountDownLatch answering = new CountDownLatch(1);
  private volatile String keys = "{\"keys\":[]}";
  private volatile int status = 200;
  private HttpServer issuer;
  private Authenticator authenticator;

  @BeforeEach
  void start() throws IOException {
    issuer = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    issuer.createContext(
        "/",
        exchange -> {
          fetches.incrementAndGet();
          byte[] body = keys.getBytes(UTF_8);
          exchange.sendResponseHeaders(status, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    issuer.start();
    authenticator =
        new Authenticator(
            Settings.of(
                "jwt.jwks-uri",
                "http://127.0.0.1:" + issuer.getAddress().getPort() + "/keys",
                "jwt.audience",
                "chat"),
            Anonymous.REFUSED,
            new SimpleMeterRegistry());
  }

  @AfterEach
  void stop() {
    answering.countDown();
    authenticator.close();
    issuer.stop(0);
  }

  private CompletionStage<Login> check(String token) {
    return authenticator.check(new Credentials("Bearer " + token, null, null));
  }

  private Login checked(String token) {
    return check(token).toCompletableFuture().join();
  }

  private static JWTClaimsSet.Builder claims() {
    return ann().audience("chat");
  }

  private static String set(KeyPair pair, String id) {
    return new JWKSet(new RSAKey.Builder((RSAPublicKey) pair.getPublic()).keyID(id).build())
        .toString();
  }

  @Test
  void followsTheIssuerToANewKey() {
    KeyPair next = TokenMaker.keys("RSA", 2048);
    keys = set(TokenMaker.RSA, "one");
    assertThat(checked(rsa(claims(), TokenMaker.RSA, "one"))).isInstanceOf(Accepted.class);
    assertThat(checked(rsa(claims(), TokenMaker.RSA, "one"))).isInstanceOf(Accepted.class);
    assertThat(fetches).hasValue(1);

    keys = set(next, "two");
    assertThat(checked(rsa(claims(), next, "two"))).isInstanceOf(Accepted.class);
    assertThat(fetches).hasValue(2);
    assertThat(checked(rsa(claims(), TokenMaker.RSA, "one")))
        .isEqualTo(new Refused(Reason.BAD_TOKEN, "The token is not valid here."));
  }

  @Test
  void doesNotAskTheIssuerForEveryUnknownKey() {
    keys = set(TokenMaker.RSA, "one");
    for (int i = 0; i < 20; i++) {
      assertThat(checked(rsa(claims(), TokenMaker.RSA, "unknown-" + i)))
          .isInstanceOf(Refused.class);
    }
    assertThat(fetches.get()).isLessThanOrEqualTo(3);
  }

  @Test
  void saysThatItCannotCheckWhileTheIssuerIsAway() {
    status = 503;
    assertThat(checked(rsa(claims(), TokenMaker.RSA, "one")))
        .isEqualTo(
            new Refused(Reason.UNAVAILABLE, "Tokens cannot be checked now: try again later."));
  }

  @Test
  void neverFetchesOnTheCallersThread() {
    issuer.createContext(
        "/keys",
        exchange -> {
          await();
          exchange.sendResponseHeaders(404, -1);
          exchange.close();
        });
    CompletableFuture<Login> waiting =
        check(rsa(claims(), TokenMaker.RSA, "one")).toCompletableFuture();
    assertThat(waiting).isNotDone(); // came back, though the issuer does not answer
    answering.countDown();
    assertThat(waiting.join()).isInstanceOf(Refused.class);
  }

  private void await() {
    try {
      answering.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
