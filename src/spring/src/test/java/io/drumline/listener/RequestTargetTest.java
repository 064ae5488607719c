package io.drumline.listener;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RequestTargetTest {

  @ParameterizedTest
  @CsvSource({
    "/ws, /ws,",
    "/ws?a=b, /ws,",
    "/ws?a=http://b/c, /ws,",
    "http://localhost:8080/ws, /ws, localhost:8080",
    "ws://localhost:8080/ws, /ws, localhost:8080",
    "WSS://chat.example.org/ws?a=b, /ws, chat.example.org",
    "http://[::1]:8080/healthz, /healthz, [::1]:8080",
    "http://localhost, /, localhost",
    "http://localhost?/ws, /, localhost",
    "ftp://localhost/ws, ftp://localhost/ws,",
    "*, *,",
    "//localhost/ws, //localhost/ws,",
  })
  void readsBothForms(String target, String path, String authority) {
    assertThat(RequestTarget.of(target)).isEqualTo(new RequestTarget(path, authority));
  }
}
