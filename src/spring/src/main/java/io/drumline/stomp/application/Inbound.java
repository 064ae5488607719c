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
 * A client's frame on its way through Spring's inbound channel; travels as a header of the message.
 */
public final class Inbound {
  /**
   * The message header with this, or with the client itself where no frame was sent. Not a native
   * one: it never reaches a wire, nor comes from one.
   */
  public static final String HEADER = "drumlineInbound";

  final Client client;
  final ClientFrame frame;
  final Pending.Slot slot;

  /**
   * The frame that the broker is to serve, as the application's interceptors left it; null if it is
   * not the broker's. Written and read while the channel sends, on one thread, as what follows.
   */
  public @Nullable ClientFrame taken;

  /** The application's destination that no method is mapped to; null if there is one. */
  @Nullable String unmapped;

  Inbound(Client client, ClientFrame frame, Pending.Slot slot) {
    this.client = client;
    this.frame = frame;
    this.slot = slot;
  }

  /** The frame as the application's interceptors left it. */
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
