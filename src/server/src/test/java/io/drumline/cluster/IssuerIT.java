package io.drumline.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.security.Issuer;
import io.drumline.security.TokenMaker;
import io.drumline.testing.StompClient;
import io.drumline.testing.StompClient.Carriage;
import java.security.KeyPair;
import org.junit.jupiter.api.Test;

/** Clients of a node whose issuer publishes keys, and is down for a while. */
class IssuerIT {
  private static final int TRY_AGAIN_LATER = 1013;
  private static final KeyPair OLD = TokenMaker.keys("RSA", 2048);
  private static final KeyPair NEW = TokenMaker.keys("RSA", 2048);

  /** At login, at renewal of a live socket, and on the API: nobody is told "not valid". */
  @Test
  void whatCouldNotBeJudgedMayComeBackLater() {
    try (Issuer issuer = new Issuer()) {
      issuer.publish(Issuer.rsa(OLD, "old"));
      try (Node node =
          Node.alone(
              "drumline.security.jwt.jwks-uri=" + issuer.uri(),
              "drumline.security.jwt.audience=chat",
              "drumline.api.tokens=true")) {
        try (StompClient live = StompClient.open(node.port(), Carriage.TEXT, "v12.stomp")) {
          live.connect("1.2", "Authorization:Bearer " + token(OLD, "old"));
          issuer.kill(); // and has begun to sign with another key
          for (int i = 0; i < 3; i++) {
            try (StompClient late = StompClient.open(node.port(), Carriage.TEXT, "v12.stomp")) {
              late.send(
                  "CONNECT\naccept-version:1.2\nhost:h\nAuthorization:Bearer "
                      + token(NEW, "new")
                      + "\n\n\0");
              assertThat(late.expect("ERROR").header("message")).contains("try again later");
              assertThat(late.expectClose()).isEqualTo(TRY_AGAIN_LATER);
            }
          }
          assertThat(node.json("GET", "/api/v1/nodes", "", token(NEW, "new")).statusCode())
              .isEqualTo(503);
          live.publish("/app/session/token", token(NEW, "new"));
          assertThat(live.expect("ERROR").header("message")).contains("try again later");
          assertThat(live.expectClose()).isEqualTo(TRY_AGAIN_LATER);
        }
        try (StompClient known = StompClient.open(node.port(), Carriage.TEXT, "v12.stomp")) {
          known.connect("1.2", "Authorization:Bearer " + token(OLD, "old"));
        }
      }
    }
  }

  private static String token(KeyPair keys, String id) {
    return TokenMaker.rsa(TokenMaker.ann().audience("chat").claim("scope", "admin"), keys, id);
  }
}
