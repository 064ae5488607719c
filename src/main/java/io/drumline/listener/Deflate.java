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
 * The negotiation of permessage-deflate (RFC 7692). Neither side keeps a context between messages:
 * the server, so that one compressed frame fits all that receive it; the client, so that an idle
 * socket costs no window.
 */
final class Deflate {
  private static final String NAME = "permessage-deflate";
  private static final String SERVER_NO_CONTEXT = "server_no_context_takeover";
  private static final String CLIENT_NO_CONTEXT = "client_no_context_takeover";
  private static final String SERVER_WINDOW = "server_max_window_bits";
  private static final String CLIENT_WINDOW = "client_max_window_bits";
  private static final String FULL_WINDOW = "15";
  private static final String AGREED = NAME + "; " + SERVER_NO_CONTEXT + "; " + CLIENT_NO_CONTEXT;

  private Deflate() {}

  /**
   * The value of Sec-WebSocket-Extensions in the answer: to the first offer that can be met, or
   * null if there is none.
   *
   * @param offers the values of that header in the request
   */
  static @Nullable String agree(List<String> offers) {
    for (String line : offers) {
      for (WebSocketExtensionData offer : WebSocketExtensionUtil.extractExtensions(line)) {
        if (NAME.equalsIgnoreCase(offer.name()) && acceptable(offer.parameters())) {
          return offer.parameters().containsKey(SERVER_WINDOW)
              ? AGREED + "; " + SERVER_WINDOW + "=" + FULL_WINDOW
              : AGREED;
        }
      }
    }
    return null;
  }

  private static boolean acceptable(Map<String, @Nullable String> parameters) {
    return parameters.entrySet().stream()
        .allMatch(
            parameter -> {
              String value = parameter.getValue();
              return switch (parameter.getKey()) {
                case SERVER_NO_CONTEXT, CLIENT_NO_CONTEXT -> value == null;
                // Shared frames are deflated with the whole window.
                case SERVER_WINDOW -> FULL_WINDOW.equals(value);
                // A hint, or a promise of the client's: the inflater copes with every window.
                case CLIENT_WINDOW -> value == null || value.matches("[89]|1[0-5]");
                default -> false;
              };
            });
  }

  /** The decoder for one socket; a frame that inflates to more octets than the limit fails. */
  static ChannelHandler inflater(int limit) {
    WebSocketServerExtension extension =
        new PerMessageDeflateServerExtensionHandshaker(6, true, 15, true, true, limit)
            .handshakeExtension(WebSocketExtensionUtil.extractExtensions(AGREED).get(0));
    return extension.newExtensionDecoder();
  }
}
