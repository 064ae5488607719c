package io.drumline.listener;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.testing.RawWebSocket;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HandshakeTest {
  private final HttpRequest request = request(HttpMethod.GET, HttpVersion.HTTP_1_1);

  private static HttpRequest request(HttpMethod method, HttpVersion version) {
    HttpRequest request = new DefaultHttpRequest(version, method, "/ws");
    request
        .headers()
        .set("Upgrade", "websocket")
        .set("Connection", "Upgrade")
        .set("Sec-WebSocket-Version", "13")
        .set("Sec-WebSocket-Key", RawWebSocket.KEY);
    return request;
  }

  private Handshake answer() {
    return Handshake.answer(request, Deflate.Offer.ANY, UnknownSubprotocol.IGNORE);
  }

  private Handshake.Accepted accepted() {
    assertThat(answer()).isInstanceOf(Handshake.Accepted.class);
    return (Handshake.Accepted) answer();
  }

  private void assertRefused(int status) {
    assertThat(answer())
        .asInstanceOf(InstanceOfAssertFactories.type(Handshake.Refused.class))
        .satisfies(
            refused -> {
              assertThat(refused.status().code()).isEqualTo(status);
              assertThat(refused.reason()).matches("[A-Z].*\\.");
            });
  }

  @Test
  void computesTheAcceptValueOfTheSpecification() {
    assertThat(accepted().headers().get("Sec-WebSocket-Accept"))
        .isEqualTo("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          v12.stomp, v11.stomp, v10.stomp | v12.stomp
          v10.stomp, v11.stomp, v12.stomp | v12.stomp
          v10.stomp,v11.stomp             | v11.stomp
          v11.stomp                       | v11.stomp
          v10.stomp                       | v10.stomp
          mqtt, v10.stomp                 | v10.stomp
          """)
  void picksTheBestVersionOffered(String offer, String picked) {
    request.headers().set("Sec-WebSocket-Protocol", offer);
    assertThat(accepted().headers().get("Sec-WebSocket-Protocol")).isEqualTo(picked);
  }

  @Test
  void readsSubprotocolsFromSeveralHeaderLines() {
    request.headers().add("Sec-WebSocket-Protocol", "v10.stomp");
    request.headers().add("Sec-WebSocket-Protocol", "mqtt, v12.stomp");
    assertThat(accepted().headers().get("Sec-WebSocket-Protocol")).isEqualTo("v12.stomp");
  }

  @Test
  void echoesNoSubprotocolWhereNoneWasOffered() {
    assertThat(accepted().headers().contains("Sec-WebSocket-Protocol")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"arduino", "v13.stomp", "V12.STOMP", "mqtt, stomp"})
  void goesOnWithoutASubprotocolWhereNoneIsKnown(String offer) {
    request.headers().set("Sec-WebSocket-Protocol", offer);
    assertThat(accepted().headers().contains("Sec-WebSocket-Protocol")).isFalse();
  }

  @Test
  void refusesUnknownSubprotocolsIfConfigured() {
    request.headers().set("Sec-WebSocket-Protocol", "arduino");
    Handshake answer = Handshake.answer(request, Deflate.Offer.NONE, UnknownSubprotocol.REFUSE);
    assertThat(((Handshake.Refused) answer).status().code()).isEqualTo(400);
    request.headers().set("Sec-WebSocket-Protocol", "arduino, v11.stomp");
    assertThat(Handshake.answer(request, Deflate.Offer.NONE, UnknownSubprotocol.REFUSE))
        .isInstanceOf(Handshake.Accepted.class);
    request.headers().remove("Sec-WebSocket-Protocol");
    assertThat(Handshake.answer(request, Deflate.Offer.NONE, UnknownSubprotocol.REFUSE))
        .isInstanceOf(Handshake.Accepted.class);
  }

  @Test
  void findsTokensInListsOfAnyCase() {
    request.headers().set("Upgrade", "WebSocket").set("Connection", "keep-alive, upgrade");
    assertThat(accepted().deflate()).isEqualTo(Deflate.Use.NONE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"Upgrade", "Connection"})
  void refusesRequestsThatAskForNoUpgrade(String header) {
    request.headers().remove(header);
    assertRefused(426);
  }

  @Test
  void refusesOtherVersionsAndNamesItsOwn() {
    request.headers().set("Sec-WebSocket-Version", "8");
    assertRefused(426);
    assertThat(((Handshake.Refused) answer()).headers().get("Sec-WebSocket-Version"))
        .isEqualTo("13");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "short", "dGhlIHNhbXBsZSBub25jZQ", "!!!!!!!!!!!!!!!!!!!!!!=="})
  void refusesBadKeys(String key) {
    request.headers().set("Sec-WebSocket-Key", key);
    assertRefused(400);
  }

  @Test
  void refusesMissingAndRepeatedKeys() {
    request.headers().add("Sec-WebSocket-Key", RawWebSocket.KEY);
    assertRefused(400);
    request.headers().remove("Sec-WebSocket-Key");
    assertRefused(400);
  }

  @Test
  void refusesOtherMethods() {
    Handshake answer =
        Handshake.answer(
            request(HttpMethod.POST, HttpVersion.HTTP_1_1),
            Deflate.Offer.NONE,
            UnknownSubprotocol.IGNORE);
    assertThat(((Handshake.Refused) answer).status().code()).isEqualTo(405);
    assertThat(((Handshake.Refused) answer).headers().get("Allow")).isEqualTo("GET");
  }

  @Test
  void refusesHttp10() {
    Handshake answer =
        Handshake.answer(
            request(HttpMethod.GET, HttpVersion.HTTP_1_0),
            Deflate.Offer.NONE,
            UnknownSubprotocol.IGNORE);
    assertThat(((Handshake.Refused) answer).status().code()).isEqualTo(400);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          permessage-deflate                                                 | permessage-deflate
          permessage-deflate; client_max_window_bits                         | permessage-deflate
          permessage-deflate; client_max_window_bits=9                       | permessage-deflate
          permessage-deflate; server_max_window_bits=10, permessage-deflate  | permessage-deflate
          permessage-deflate; server_no_context_takeover                     | permessage-deflate; server_no_context_takeover
          permessage-deflate; server_max_window_bits=15                      | permessage-deflate; server_max_window_bits=15
          """)
  void answersDeflateWithNoParameterThatWasNotOffered(String offer, String agreed) {
    request.headers().set("Sec-WebSocket-Extensions", offer);
    assertThat(accepted().deflate()).isEqualTo(Deflate.Use.WITH_CONTEXT);
    assertThat(accepted().headers().get("Sec-WebSocket-Extensions")).isEqualTo(agreed);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          x-webkit-deflate-frame, permessage-deflate; client_no_context_takeover    | permessage-deflate; client_no_context_takeover
          permessage-deflate; client_no_context_takeover; server_no_context_takeover | permessage-deflate; server_no_context_takeover; client_no_context_takeover
          """)
  void takesTheOfferToKeepNoContext(String offer, String agreed) {
    request.headers().set("Sec-WebSocket-Extensions", offer);
    assertThat(accepted().deflate()).isEqualTo(Deflate.Use.WITHOUT_CONTEXT);
    assertThat(accepted().headers().get("Sec-WebSocket-Extensions")).isEqualTo(agreed);
  }

  @Test
  void agreesOnDeflateOnlyWithoutContextWhereThereIsNoMemoryForOne() {
    request
        .headers()
        .set(
            "Sec-WebSocket-Extensions",
            "permessage-deflate, permessage-deflate; client_no_context_takeover");
    Handshake second =
        Handshake.answer(request, Deflate.Offer.WITHOUT_CONTEXT, UnknownSubprotocol.IGNORE);
    assertThat(((Handshake.Accepted) second).deflate()).isEqualTo(Deflate.Use.WITHOUT_CONTEXT);
    request.headers().set("Sec-WebSocket-Extensions", "permessage-deflate");
    Handshake none =
        Handshake.answer(request, Deflate.Offer.WITHOUT_CONTEXT, UnknownSubprotocol.IGNORE);
    assertThat(((Handshake.Accepted) none).deflate()).isEqualTo(Deflate.Use.NONE);
    assertThat(((Handshake.Accepted) none).headers().contains("Sec-WebSocket-Extensions"))
        .isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "permessage-deflate; server_max_window_bits=10",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; client_max_window_bits=16",
        "permessage-deflate; client_no_context_takeover=1",
        "permessage-deflate; unknown",
        "x-webkit-deflate-frame",
        ";;=,",
      })
  void ignoresOffersItCannotMeet(String offer) {
    request.headers().set("Sec-WebSocket-Extensions", offer);
    assertThat(accepted().deflate()).isEqualTo(Deflate.Use.NONE);
    assertThat(accepted().headers().contains("Sec-WebSocket-Extensions")).isFalse();
  }

  @Test
  void ignoresDeflateUnlessConfigured() {
    request.headers().set("Sec-WebSocket-Extensions", "permessage-deflate");
    Handshake answer = Handshake.answer(request, Deflate.Offer.NONE, UnknownSubprotocol.IGNORE);
    assertThat(((Handshake.Accepted) answer).deflate()).isEqualTo(Deflate.Use.NONE);
  }
}
