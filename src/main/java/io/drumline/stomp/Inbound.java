package io.drumline.stomp;

import java.util.ArrayList;
import java.util.List;
import org.springframework.messaging.Message;
import org.springframework.messaging.simp.SimpMessageHeaderAccessor;

/**
 * A client's frame on its way through Spring's inbound channel; travels as a header of the message.
 */
final class Inbound {
  /** The message header; not a native one, so that it never reaches a wire. */
  static final String HEADER = "drumlineInbound";

  final StompSession session;
  final ClientFrame frame;
  final Pending.Slot slot;

  /**
   * Whether the broker has taken the frame over. Written and read while the channel sends, on one
   * thread.
   */
  boolean taken;

  Inbound(StompSession session, ClientFrame frame, Pending.Slot slot) {
    this.session = session;
    this.frame = frame;
    this.slot = slot;
  }

  /** The frame as the application's interceptors left it. */
  ClientFrame frameOf(Message<?> message) {
    String destination = SimpMessageHeaderAccessor.getDestination(message.getHeaders());
    List<Header> headers = SpringHeaders.nativeHeaders(message.getHeaders());
    if (destination != null && !destination.equals(Header.first(headers, "destination"))) {
      headers = new ArrayList<>(headers);
      headers.removeIf(header -> header.name().equals("destination"));
      headers.add(new Header("destination", destination));
    }
    byte[] body = message.getPayload() instanceof byte[] octets ? octets : frame.body();
    return new ClientFrame(frame.command(), headers, body);
  }
}
