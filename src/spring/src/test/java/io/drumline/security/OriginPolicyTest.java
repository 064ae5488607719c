package io.drumline.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.drumline.security.OriginPolicy.Answer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OriginPolicyTest {
  private final OriginPolicy sameHost = new OriginPolicy(List.of());

  @ParameterizedTest
  @CsvSource({
    "http://localhost:8081, localhost:8080",
    "https://chat.example.org, chat.example.org",
    "https://CHAT.example.org:8443, chat.EXAMPLE.org:80",
    "http://127.0.0.1, 127.0.0.1:8080",
    "http://[::1]:8081, [::1]:8080",
    "http://my_chat.internal:3000, my_chat.internal:8080",
    "ws://localhost:8080, localhost:8080",
  })
  void allowsPagesOfTheSameHostOnAnyPort(String origin, String host) {
    assertThat(sameHost.decide(List.of(origin), host)).isEqualTo(Answer.ALLOWED);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://evil.example",
        "http://localhost.evil.example",
        "http://evil.example/localhost",
        "http://localhost@evil.example",
        "http://evil@localhost",
        "http://evil.example#localhost",
        "http://evil.example\\.localhost",
        "file://localhost",
        "localhost",
        "null",
        "",
        "http://",
        "http://localhost/",
        "http://localhost http://evil.example",
        "http://lоcalhost", // with a Cyrillic o
      })
  void refusesOtherPages(String origin) {
    assertThat(sameHost.decide(List.of(origin), "localhost:8080")).isEqualTo(Answer.REFUSED);
  }

  @Test
  void refusesSeveralOriginsAndMissingHosts() {
    String origin = "http://localhost";
    assertThat(sameHost.decide(List.of(origin, origin), "localhost")).isEqualTo(Answer.REFUSED);
    assertThat(sameHost.decide(List.of(origin), null)).isEqualTo(Answer.REFUSED);
    assertThat(sameHost.decide(List.of(origin), "a b")).isEqualTo(Answer.REFUSED);
  }

  @Test
  void asksThoseWithoutAnOriginForCredentials() {
    assertThat(sameHost.decide(List.of(), "localhost")).isEqualTo(Answer.NO_PAGE);
    assertThat(new OriginPolicy(List.of("https://a.example")).decide(List.of(), "localhost"))
        .isEqualTo(Answer.NO_PAGE);
  }

  @Test
  void comparesWithAListExactly() {
    OriginPolicy listed = new OriginPolicy(List.of("https://chat.example.org", "http://a:81"));
    assertThat(listed.decide(List.of("https://chat.example.org"), "x")).isEqualTo(Answer.ALLOWED);
    assertThat(listed.decide(List.of("https://chat.example.org:443"), "x"))
        .isEqualTo(Answer.ALLOWED);
    assertThat(listed.decide(List.of("http://a:81"), "x")).isEqualTo(Answer.ALLOWED);

    for (String other :
        List.of(
            "http://chat.example.org",
            "https://chat.example.org:444",
            "https://x.chat.example.org",
            "https://chat.example.orgx",
            "http://a",
            "null",
            "file://",
            "capacitor://chat.example.org")) {
      assertThat(listed.decide(List.of(other), "x")).as(other).isEqualTo(Answer.REFUSED);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "http://localhost:8080, localhost:8080, ALLOWED",
    "ws://LOCALHOST:8080, localhost:8080, ALLOWED",
    "https://chat.example.net, chat.example.net, ALLOWED",
    "https://chat.example.net, chat.example.net:443, ALLOWED",
    "http://[::1]:8080, [::1]:8080, ALLOWED",
    "http://my_chat.internal, my_chat.internal, ALLOWED",
    "http://localhost:8081, localhost:8080, REFUSED",
    "http://localhost, localhost:8080, REFUSED",
    "https://chat.example.net, chat.example.net:80, REFUSED",
    "http://other, localhost:8080, REFUSED",
    "capacitor://localhost, localhost, REFUSED",
  })
  void allowsTheEndpointsOwnOriginBesideAList(String origin, String host, Answer answer) {
    OriginPolicy listed = new OriginPolicy(List.of("https://chat.example.org"));
    assertThat(listed.decide(List.of(origin), host)).isEqualTo(answer);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "capacitor://localhost",
        "ionic://localhost",
        "tauri://localhost",
        "app://.",
        "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
        "moz-extension://2b6e7c1a-58f0-4b4c-9d3f-0d3f2d1f6a11",
        "vscode-webview://1q2w3e4r5t",
        "http://my_chat.internal:3000",
        "null",
        "file://",
      })
  void takesOriginsOfAppsAsTheyAreWritten(String origin) {
    OriginPolicy listed = new OriginPolicy(List.of("https://chat.example.org", origin));
    assertThat(listed.decide(List.of(origin), "x")).isEqualTo(Answer.ALLOWED);
    assertThat(sameHost.decide(List.of(origin), "x")).isEqualTo(Answer.REFUSED);
    assertThat(listed.decide(List.of("http://evil.example"), "x")).isEqualTo(Answer.REFUSED);
  }

  @Test
  void takesAnAsteriskForEveryOrigin() {
    OriginPolicy all = new OriginPolicy(List.of("*"));
    assertThat(all.decide(List.of("http://evil.example"), "x")).isEqualTo(Answer.ALLOWED);
    assertThat(all.decide(List.of("null"), null)).isEqualTo(Answer.ALLOWED);
    assertThat(all.decide(List.of(), "x")).isEqualTo(Answer.NO_PAGE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"*", "null", "file://"})
  void warnsOfWhatAllowsPagesThatNobodyKnows(String origin) {
    assertThat(new OriginPolicy(List.of("https://a.example", origin)).warnings())
        .singleElement()
        .asString()
        .startsWith("drumline.security.allowed-origins contains '" + origin + "': ");
    assertThat(new OriginPolicy(List.of("https://a.example", "app://x")).warnings()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://*.example.org",
        "example.org",
        "https://a/b",
        "https://a:b",
        "https://",
        "https://a b",
        "https://u@a",
        ""
      })
  void takesNoPatternsAndNoPaths(String text) {
    assertThatThrownBy(() -> new OriginPolicy(List.of(text)))
        .hasMessageStartingWith("drumline.security.allowed-origins contains '" + text + "'");
  }
}
