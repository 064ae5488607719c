package io.drumline.stomp;

import io.drumline.hub.Connection;
import io.drumline.hub.Frames;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The frames that a session's client gets beside what it is subscribed to at the broker. Used on
 * the connection's event loop.
 */
final class Answers {
  private static final ByteBufAllocator ALLOC = PooledByteBufAllocator.DEFAULT;

  private final Connection connection;
  private final Connecting agreed;

  Answers(Connection connection, Connecting agreed) {
    this.connection = connection;
    this.agreed = agreed;
  }

  void connected(List<Header> headers) {
    connection.send(StompEncoder.connected(ALLOC, headers), Frames.Payload.TEXT);
  }

  void receipt(String id, List<Header> more) {
    connection.send(StompEncoder.receipt(ALLOC, id, more, agreed.version()), Frames.Payload.TEXT);
  }

  /** The ERROR, and then the end of the connection. */
  void error(StompException error, @Nullable String receipt) {
    connection.send(
        StompEncoder.error(ALLOC, error.getMessage(), receipt, error.headers(), agreed.version()),
        Frames.Payload.TEXT);
    connection.close(error.closeCode(), error.getMessage());
  }

  /** A MESSAGE that the application addressed to one of the session's subscriptions. */
  void message(
      String subscriptionId, String messageId, String destination, byte[] headers, byte[] body) {
    ByteBuf frame = ALLOC.directBuffer(256 + headers.length + body.length);
    frame.setIndex(Frames.MAX_HEADER, Frames.MAX_HEADER);
    new MessageFormat(subscriptionId, agreed.version(), false)
        .write(frame, messageId, destination, headers, body);
    connection.send(frame, Frames.isUtf8(body) ? Frames.Payload.TEXT : Frames.Payload.BINARY);
  }
}
