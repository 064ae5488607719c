package io.drumline.stomp;

import io.drumline.hub.Connection;
import io.drumline.hub.Frames;
import io.drumline.message.CloseCode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The frames that a session's client gets beside what it is subscribed to at the broker. Used on
 * the connection's event loop.
 */
final class Answers {
  /**
   * Of an ERROR: when the client should come back, {@code now}, {@code later} or {@code no}, for
   * those whose WebSocket library does not show them the close code that follows.
   */
  static final String RECONNECT = "drumline-reconnect";

  private static final ByteBufAllocator ALLOC = PooledByteBufAllocator.DEFAULT;

  private final Connection connection;
  private final Connecting agreed;

  Answers(Connection connection, Connecting agreed) {
    this.connection = connection;
    this.agreed = agreed;
  }

  void connected(List<Header> headers) {
    connection.send(StompEncoder.connected(ALLOC, headers), agreed.carrier());
  }

  void receipt(String id, List<Header> more) {
    connection.send(StompEncoder.receipt(ALLOC, id, more, agreed.version()), agreed.carrier());
  }

  /** The ERROR, and then the end of the connection. */
  void error(StompException error, @Nullable String receipt) {
    CloseCode code = error.closeCode();
    List<Header> headers = new ArrayList<>(error.headers());
    headers.add(new Header(RECONNECT, code.reconnect().name().toLowerCase(Locale.ROOT)));
    connection.send(
        StompEncoder.error(ALLOC, error.getMessage(), receipt, headers, agreed.version()),
        agreed.carrier());
    connection.close(code, error.getMessage());
  }

  /** A MESSAGE that the application addressed to one of the session's subscriptions. */
  void message(
      String subscriptionId, String messageId, String destination, byte[] headers, byte[] body) {
    ByteBuf frame = ALLOC.directBuffer(256 + headers.length + body.length);
    frame.setIndex(Frames.MAX_HEADER, Frames.MAX_HEADER);
    new MessageFormat(subscriptionId, agreed.version(), false, agreed.carrier())
        .write(frame, messageId, destination, headers, body);
    connection.send(frame, Frames.isUtf8(body) ? agreed.carrier() : Frames.Payload.BINARY);
  }
}
