package io.drumline.stomp.client;

import io.drumline.hub.Connection;
import io.drumline.hub.Frames;
import io.drumline.message.CloseCode;
import io.drumline.stomp.codec.AckMode;
import io.drumline.stomp.codec.Header;
import io.drumline.stomp.codec.MessageFormat;
import io.drumline.stomp.codec.ServerHeaders;
import io.drumline.stomp.codec.StompEncoder;
import io.drumline.stomp.codec.StompException;
import io.drumline.stomp.codec.StompVersion;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The frames for a session's client other than the messages of its broker subscriptions. Used on
 * the connection's event loop.
 */
final class Answers {
  private static final ByteBufAllocator ALLOC = PooledByteBufAllocator.DEFAULT;

  private final Connection connection;
  private StompVersion version = StompVersion.V1_0;
  private Frames.Payload carrier = Frames.Payload.TEXT;

  Answers(Connection connection) {
    this.connection = connection;
  }

  StompVersion version() {
    return version;
  }

  /** Sets the version negotiated by CONNECT. */
  void agree(StompVersion version) {
    this.version = version;
  }

  /** The kind of the WebSocket message that contained CONNECT; until then, of the last one. */
  Frames.Payload carrier() {
    return carrier;
  }

  void carriedBy(Frames.Payload kind) {
    carrier = kind;
  }

  void connected(List<Header> headers) {
    connection.send(StompEncoder.connected(ALLOC, headers), carrier);
  }

  void receipt(String id, List<Header> more) {
    connection.send(StompEncoder.receipt(ALLOC, id, more, version), carrier);
  }

  /** Sends the ERROR, and then closes the connection. */
  void error(StompException error, @Nullable String receipt) {
    CloseCode code = error.closeCode();
    List<Header> headers = new ArrayList<>(error.headers());
    headers.add(
        new Header(ServerHeaders.RECONNECT, code.reconnect().name().toLowerCase(Locale.ROOT)));
    connection.send(
        StompEncoder.error(ALLOC, error.getMessage(), receipt, headers, version), carrier);
    connection.close(code, error.getMessage());
  }

  /** Sends a MESSAGE that the application addressed to one of the session's subscriptions. */
  void message(
      String subscriptionId, String messageId, String destination, byte[] headers, byte[] body) {
    ByteBuf frame = ALLOC.directBuffer(256 + headers.length + body.length);
    frame.setIndex(Frames.MAX_HEADER, Frames.MAX_HEADER);
    new MessageFormat(subscriptionId, version, AckMode.AUTO, carrier)
        .write(frame, messageId, destination, headers, body);
    connection.send(frame, Frames.isUtf8(body) ? carrier : Frames.Payload.BINARY);
  }
}
