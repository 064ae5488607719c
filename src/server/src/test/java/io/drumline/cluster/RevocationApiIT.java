package io.drumline.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The HTTP API of revocation, and who may use it. */
class RevocationApiIT {
  private static final String API = "/api/v1/revocations";
  private static final String BLOCK =
      "{\"user\":\"ann\",\"action\":\"block\",\"until\":\"2126-01-01T00:00:00Z\"}";

  private static Node node;

  @BeforeAll
  static void start() {
    node =
        Node.alone(
            "drumline.api.keys[0].name=operator",
            "drumline.api.keys[0].hash=" + hash("operator's"),
            "drumline.api.keys[0].scopes=admin",
            "drumline.api.keys[1].name=backend",
            "drumline.api.keys[1].hash=" + hash("backend's"),
            "drumline.api.keys[1].scopes=publish,read");
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  private static String hash(String key) {
    try {
      return "sha256:"
          + HexFormat.of()
              .formatHex(
                  MessageDigest.getInstance("SHA-256")
                      .digest(key.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private static HttpResponse<String> ask(String method, String path, String json) {
    return node.json(method, path, json, "operator's");
  }

  @Test
  void needsTheScopeAdminForAllOfIt() {
    for (String method : new String[] {"GET", "POST", "DELETE"}) {
      String path = method.equals("DELETE") ? API + "/user/ann" : API;
      assertThat(node.json(method, path, BLOCK, "").statusCode()).isEqualTo(401);
      assertThat(node.json(method, path, BLOCK, "backend's").statusCode()).isEqualTo(403);
    }
  }

  @Test
  void showsWhatItWasTold() {
    HttpResponse<String> answer =
        ask(
            "POST",
            API,
            "{\"session\":\"s-1\",\"action\":\"block\",\"for\":\"2h\",\"reason\":\"a \\\"b\\\"\"}");
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    assertThat(answer.body())
        .startsWith("{\"kind\":\"session\",\"name\":\"s-1\",\"action\":\"block\",\"until\":\"20")
        .endsWith("Z\",\"reason\":\"a \\\"b\\\"\"}");
    assertThat(ask("GET", API, "").body()).startsWith("{\"revocations\":[").contains(answer.body());

    HttpResponse<String> kick = ask("POST", API, "{\"session\":\"s-1\",\"action\":\"kick\"}");
    assertThat(kick.body())
        .isEqualTo("{\"kind\":\"session\",\"name\":\"s-1\",\"action\":\"kick\",\"closed\":0}");

    assertThat(ask("DELETE", API + "/session/s-1", "").statusCode()).isEqualTo(204);
    assertThat(ask("GET", API, "").body()).doesNotContain("s-1");
  }

  @Test
  void liftsNamesThatAPathCannotHave() {
    String json = "{\"user\":\"a/b;c%%2F ü\",\"action\":\"block\"}".replace("%%", "%");
    assertThat(ask("POST", API, json).statusCode()).isEqualTo(200);
    String query = API + "?user=a%2Fb%3Bc%252F%20%C3%BC";
    assertThat(ask("DELETE", query, "").statusCode()).isEqualTo(204);
    HttpResponse<String> again = ask("DELETE", query, "");
    assertThat(again.statusCode()).isEqualTo(404);
    assertThat(again.body()).contains("There is no block of this user.");
  }

  @Test
  void saysWhatIsWrong() {
    HttpResponse<String> past = ask("POST", API, BLOCK);
    assertThat(past.statusCode()).isEqualTo(400);
    assertThat(past.headers().firstValue("Content-Type")).contains("application/problem+json");
    assertThat(past.body()).contains("\"field\":\"until\"");

    assertThat(ask("POST", API, "{").statusCode()).isEqualTo(400);
    HttpResponse<String> kind = ask("DELETE", API + "/planet/mars", "");
    assertThat(kind.statusCode()).isEqualTo(404);
    assertThat(kind.body()).contains("the kinds are user, session and token");
    assertThat(ask("DELETE", API, "").statusCode()).isEqualTo(400);
    assertThat(ask("DELETE", API + "?user=a&token=b", "").statusCode()).isEqualTo(400);
  }
}
