package io.drumline.stomp.codec;

import io.drumline.hub.FrameFormat;
import io.drumline.hub.Frames;
import io.drumline.message.Destination;
import io.drumline.message.Gap;
import io.drumline.message.Publication;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The MESSAGE frame of subscriptions with the same parameters.
 *
 * @param subscription the client's subscription id; null for a STOMP 1.0 subscription without one
 * @param ackMode all modes except {@link AckMode#AUTO} need an {@code ack} header in 1.2
 * @param carrier the kind of WebSocket frame that the client connected with
 */
public record MessageFormat(
    @Nullable String subscription, StompVersion version, AckMode ackMode, Frames.Payload carrier)
    implements FrameFormat {
  private static final byte[] MESSAGE = "MESSAGE\n".getBytes(StandardCharsets.US_ASCII);

  /**
   * Separates the message id, which never contains it, from the subscription id in an {@code ack}
   * header.
   */
  public static final char ACK_SEPARATOR = ':';

  @Override
  public void encode(Publication publication, ByteBuf out) {
    write(
        out,
        publication.messageId(),
        publication.destination().shown(),
        publication.headers(),
        publication.body());
  }

  @Override
  public void encode(Gap gap, Destination destination, ByteBuf out) {
    begin(out, gap.cursor().messageId(), destination.shown());
    String reason = gap.reason().text();
    String missed = gap.missedText();
    StompEncoder.writeHeader(out, ServerHeaders.EVENT, "gap", version);
    StompEncoder.writeHeader(out, ServerHeaders.REASON, reason, version);
    StompEncoder.writeHeader(out, ServerHeaders.MISSED, missed, version);
    StompEncoder.writeHeader(out, ServerHeaders.OLD_EVENT, "gap", version);
    StompEncoder.writeHeader(out, ServerHeaders.OLD_REASON, reason, version);
    StompEncoder.writeHeader(out, ServerHeaders.OLD_MISSED, missed, version);
    end(out, new byte[0]);
  }

  /**
   * Writes the frame.
   *
   * @param headers escaped STOMP 1.2 header lines
   */
  public void write(
      ByteBuf out, String messageId, String destination, byte[] headers, byte[] body) {
    begin(out, messageId, destination);
    if (ackMode != AckMode.AUTO && version == StompVersion.V1_2) {
      StompEncoder.writeHeader(out, "ack", messageId + ACK_SEPARATOR + subscription, version);
    }
    out.writeBytes(StompEncoder.transcode(headers, version));
    end(out, body);
  }

  private void begin(ByteBuf out, String messageId, String destination) {
    out.writeBytes(MESSAGE);
    if (subscription != null) {
      StompEncoder.writeHeader(out, "subscription", subscription, version);
    }
    StompEncoder.writeHeader(out, "message-id", messageId, version);
    StompEncoder.writeHeader(out, "destination", destination, version);
  }

  private static void end(ByteBuf out, byte[] body) {
    ByteBufUtil.writeAscii(out, "content-length:");
    ByteBufUtil.writeAscii(out, Integer.toString(body.length));
    out.writeByte('\n').writeByte('\n').writeBytes(body).writeByte(0);
  }
}
