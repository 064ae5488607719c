package io.drumline.listener;

import static io.netty.handler.codec.http.HttpHeaderNames.ALLOW;
import static io.netty.handler.codec.http.HttpHeaderNames.CONNECTION;
import static io.netty.handler.codec.http.HttpHeaderNames.SEC_WEBSOCKET_ACCEPT;
import static io.netty.handler.codec.http.HttpHeaderNames.SEC_WEBSOCKET_EXTENSIONS;
import static io.netty.handler.codec.http.HttpHeaderNames.SEC_WEBSOCKET_KEY;
import static io.netty.handler.codec.http.HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL;
import static io.netty.handler.codec.http.HttpHeaderNames.SEC_WEBSOCKET_VERSION;
import static io.netty.handler.codec.http.HttpHeaderNames.UPGRADE;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The server's answer to an opening handshake (RFC 6455, section 4.2): a decision about a request,
 * without I/O.
 */
sealed interface Handshake {

  /** Accepted; the headers are those of the 101. */
  record Accepted(HttpHeaders headers, Deflate.Use deflate) implements Handshake {}

  /** Rejected; the reason is one sentence for the body. */
  record Refused(HttpResponseStatus status, String reason, HttpHeaders headers)
      implements Handshake {}

  /** In order of preference. */
  List<String> PROTOCOLS = List.of("v12.stomp", "v11.stomp", "v10.stomp");

  /** The GUID of RFC 6455. */
  String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

  /**
   * Accepts or rejects a request.
   *
   * @param compression what the server may accept of permessage-deflate
   * @param unknown how to handle a request whose subprotocols are all unknown
   */
  static Handshake answer(
      HttpRequest request, Deflate.Offer compression, UnknownSubprotocol unknown) {
    HttpHeaders headers = request.headers();
    if (!request.method().equals(HttpMethod.GET)) {
      return refused(
          HttpResponseStatus.METHOD_NOT_ALLOWED, "A WebSocket is opened with GET.", ALLOW, "GET");
    }
    if (!request.protocolVersion().equals(HttpVersion.HTTP_1_1)) {
      return bad("A WebSocket needs HTTP/1.1.");
    }
    if (!headers.containsValue(UPGRADE, HttpHeaderValues.WEBSOCKET, true)
        || !headers.containsValue(CONNECTION, HttpHeaderValues.UPGRADE, true)) {
      return refused(
          HttpResponseStatus.UPGRADE_REQUIRED,
          "This is a WebSocket endpoint: connect with a STOMP client.",
          UPGRADE,
          "websocket");
    }
    if (!"13".equals(headers.get(SEC_WEBSOCKET_VERSION))) {
      return refused(
          HttpResponseStatus.UPGRADE_REQUIRED,
          "Only version 13 of WebSocket is spoken here.",
          SEC_WEBSOCKET_VERSION,
          "13");
    }
    List<String> keys = headers.getAll(SEC_WEBSOCKET_KEY);
    if (keys.size() != 1 || !isKey(keys.get(0))) {
      return bad("Sec-WebSocket-Key must be there once, 16 bytes in base64.");
    }
    List<String> offered = tokens(headers.getAll(SEC_WEBSOCKET_PROTOCOL));
    String protocol = PROTOCOLS.stream().filter(offered::contains).findFirst().orElse(null);
    if (protocol == null && !offered.isEmpty() && unknown == UnknownSubprotocol.REFUSE) {
      return bad("Sec-WebSocket-Protocol must offer v12.stomp, v11.stomp or v10.stomp.");
    }
    return accepted(
        keys.get(0),
        protocol,
        Deflate.agree(headers.getAll(SEC_WEBSOCKET_EXTENSIONS), compression));
  }

  private static Accepted accepted(
      String key, @Nullable String protocol, Deflate.@Nullable Agreement extension) {
    HttpHeaders headers =
        new DefaultHttpHeaders()
            .set(UPGRADE, HttpHeaderValues.WEBSOCKET)
            .set(CONNECTION, HttpHeaderValues.UPGRADE)
            .set(SEC_WEBSOCKET_ACCEPT, accept(key));
    if (protocol != null) {
      headers.set(SEC_WEBSOCKET_PROTOCOL, protocol);
    }
    if (extension == null) {
      return new Accepted(headers, Deflate.Use.NONE);
    }
    headers.set(SEC_WEBSOCKET_EXTENSIONS, extension.header());
    return new Accepted(headers, extension.use());
  }

  private static Refused bad(String reason) {
    return new Refused(HttpResponseStatus.BAD_REQUEST, reason, new DefaultHttpHeaders());
  }

  private static Refused refused(
      HttpResponseStatus status, String reason, CharSequence header, String value) {
    return new Refused(status, reason, new DefaultHttpHeaders().set(header, value));
  }

  private static boolean isKey(String key) {
    try {
      return key.length() == 24 && Base64.getDecoder().decode(key).length == 16;
    } catch (IllegalArgumentException notBase64) {
      return false;
    }
  }

  /** The members of a list header that may span several lines. */
  private static List<String> tokens(List<String> lines) {
    return lines.stream()
        .flatMap(line -> Arrays.stream(line.split(",")))
        .map(String::strip)
        .filter(token -> !token.isEmpty())
        .toList();
  }

  private static String accept(String key) {
    try {
      MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
      sha1.update((key + GUID).getBytes(StandardCharsets.US_ASCII));
      return Base64.getEncoder().encodeToString(sha1.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("Every Java has SHA-1", e);
    }
  }
}
