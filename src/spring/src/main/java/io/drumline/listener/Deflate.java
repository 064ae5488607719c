package io.drumline.listener;

import io.netty.channel.ChannelHandler;
import io.netty.handler.codec.http.websocketx.extensions.WebSocketExtensionData;
import io.netty.handler.codec.http.websocketx.extensions.WebSocketExtensionUtil;
import io.netty.handler.codec.http.websocketx.extensions.WebSocketServerExtension;
import io.netty.handler.codec.http.websocketx.extensions.compression.PerMessageDeflateServerExtensionHandshaker;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Negotiates permessage-deflate (RFC 7692). The server never keeps a context between its messages,
 * so that one compressed frame fits all its receivers; that needs no parameter. A client keeps one
 * unless it offered not to: libraries reject an answer with a parameter that they did not offer
 * (Netty, Reactor Netty), or ignore the parameter (Jetty, Tornado, Tyrus).
 */
final class Deflate {

  /** What the server may accept. */
  enum Offer {
    /** No compression. */
    NONE,
    /** Compression for clients that keep no context between their messages. */
    WITHOUT_CONTEXT,
    /** Compression for all clients. */
    ANY
  }

  /** What was negotiated. */
  enum Use {
    /** No compression. */
    NONE,
    /** Each of the client's messages can be inflated independently. */
    WITHOUT_CONTEXT,
    /** The client's messages refer to earlier ones: they need memory as long as it is connected. */
    WITH_CONTEXT
  }

  /**
   * The outcome of a negotiation.
   *
   * @param header the value of Sec-WebSocket-Extensions in the answer
   * @param use the compression of the client's messages
   */
  record Agreement(String header, Use use) {}

  private static final String NAME = "permessage-deflate";
  private static final String SERVER_NO_CONTEXT = "server_no_context_takeover";
  private static final String CLIENT_NO_CONTEXT = "client_no_context_takeover";
  private static final String SERVER_WINDOW = "server_max_window_bits";
  private static final String CLIENT_WINDOW = "client_max_window_bits";
  private static final String FULL_WINDOW = "15";

  private Deflate() {}

  /**
   * Answers the first acceptable offer, or returns null if there is none. The answer has no
   * parameter that was not offered.
   *
   * @param offers the values of Sec-WebSocket-Extensions in the request
   * @param offer what the server may accept
   */
  static @Nullable Agreement agree(List<String> offers, Offer offer) {
    if (offer == Offer.NONE) {
      return null;
    }
    for (String line : offers) {
      for (WebSocketExtensionData each : WebSocketExtensionUtil.extractExtensions(line)) {
        if (NAME.equalsIgnoreCase(each.name()) && acceptable(each.parameters())) {
          Agreement agreement = answer(each.parameters());
          if (offer == Offer.ANY || agreement.use() == Use.WITHOUT_CONTEXT) {
            return agreement;
          }
        }
      }
    }
    return null;
  }

  private static Agreement answer(Map<String, @Nullable String> offered) {
    StringBuilder header = new StringBuilder(NAME);
    if (offered.containsKey(SERVER_NO_CONTEXT)) {
      header.append("; ").append(SERVER_NO_CONTEXT);
    }
    boolean withoutContext = offered.containsKey(CLIENT_NO_CONTEXT);
    if (withoutContext) {
      header.append("; ").append(CLIENT_NO_CONTEXT);
    }
    if (offered.containsKey(SERVER_WINDOW)) {
      header.append("; ").append(SERVER_WINDOW).append('=').append(FULL_WINDOW);
    }
    return new Agreement(
        header.toString(), withoutContext ? Use.WITHOUT_CONTEXT : Use.WITH_CONTEXT);
  }

  private static boolean acceptable(Map<String, @Nullable String> parameters) {
    return parameters.entrySet().stream()
        .allMatch(
            parameter -> {
              String value = parameter.getValue();
              return switch (parameter.getKey()) {
                case SERVER_NO_CONTEXT, CLIENT_NO_CONTEXT -> value == null;
                // Shared frames are deflated with the largest window.
                case SERVER_WINDOW -> FULL_WINDOW.equals(value);
                // A hint, or the client's own choice: the inflater supports all window sizes.
                case CLIENT_WINDOW -> value == null || value.matches("[89]|1[0-5]");
                default -> false;
              };
            });
  }

  /**
   * Creates the decoder of one connection; a frame that inflates to more bytes than the limit
   * fails.
   */
  static ChannelHandler inflater(Use use, int limit) {
    boolean withoutContext = use == Use.WITHOUT_CONTEXT;
    String agreed = withoutContext ? NAME + "; " + CLIENT_NO_CONTEXT : NAME;
    WebSocketServerExtension extension =
        new PerMessageDeflateServerExtensionHandshaker(6, true, 15, true, withoutContext, limit)
            .handshakeExtension(WebSocketExtensionUtil.extractExtensions(agreed).get(0));
    return extension.newExtensionDecoder();
  }
}
