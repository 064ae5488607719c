package io.drumline.redis.publish;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.drumline.message.Position;
import io.drumline.redis.command.Commands;
import io.lettuce.core.output.CommandOutput;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The answer of {@code publish.lua} as a message-id: an epoch, an offset, and the id if it is that
 * of another message. A plain PUBLISH answers with the number of its receivers: then the message-id
 * is the id alone.
 */
final class MessageIdOutput extends CommandOutput<String, byte[], String> {
  private String id;
  private @Nullable String epoch;
  private long offset;

  MessageIdOutput(String id) {
    super(Commands.CODEC, id);
    this.id = id;
  }

  @Override
  public void set(ByteBuffer bytes) {
    String text = US_ASCII.decode(bytes).toString();
    if (epoch == null) {
      epoch = text;
    } else {
      id = text;
    }
  }

  @Override
  public void set(long number) {
    offset = number;
  }

  @Override
  public String get() {
    return epoch == null ? id : new Position(epoch, offset).messageId(id);
  }
}
