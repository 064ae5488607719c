package io.drumline.stomp.application;

import io.drumline.stomp.client.Client;
import io.drumline.stomp.client.Pending;
import io.drumline.stomp.codec.ClientFrame;
import io.drumline.stomp.codec.Header;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.messaging.Message;
import org.springframework.messaging.simp.SimpMessageHeaderAccessor;

/**
 * A client's frame on its way through Spring's inbound channel, carried in a header of the message.
 */
public final class Inbound {
  /**
   * The message header with this object, or with the client if there is no frame. Not a native
   * header: it is never written to a connection or read from one.
   */
  public static final String HEADER = "drumlineInbound";

  final Client client;
  final ClientFrame frame;
  final Pending.Slot slot;

  /**
   * The frame for the broker to serve, as modified by the application's interceptors; null if it is
   * not for the broker. Like {@code unmapped}, written and read on one thread while the channel
   * sends.
   */
  public @Nullable ClientFrame taken;

  /** The application destination that no method is mapped to; null if one is. */
  @Nullable String unmapped;

  Inbound(Client client, ClientFrame frame, Pending.Slot slot) {
    this.client = client;
    this.frame = frame;
    this.slot = slot;
  }

  /** The frame as modified by the application's interceptors. */
  public ClientFrame frameOf(Message<?> message) {
    String destination = SimpMessageHeaderAccessor.getDestination(message.getHeaders());
    List<Header> headers = SpringHeaders.nativeHeaders(message.getHeaders());
    if (destination != null && !destination.equals(Header.first(headers, "destination"))) {
      headers = new ArrayList<>(headers);
      headers.removeIf(header -> header.name().equals("destination"));
      headers.add(new Header("destination", destination));
    }
    byte[] body = message.getPayload() instanceof byte[] bytes ? bytes : frame.body();
    return new ClientFrame(frame.command(), headers, body);
  }
}
