package io.drumline.redis;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.drumline.message.Position;
import io.lettuce.core.output.CommandOutput;
import java.nio.ByteBuffer;

/** The answer of {@code publish.lua}: an epoch, then an offset. */
final class PositionOutput extends CommandOutput<String, byte[], Position> {
  private String epoch = "";

  PositionOutput() {
    super(RedisConnector.CODEC, Position.NONE);
  }

  @Override
  public void set(ByteBuffer bytes) {
    epoch = US_ASCII.decode(bytes).toString();
  }

  @Override
  public void set(long offset) {
    // A plain PUBLISH answers with the number of its receivers and no epoch.
    if (!epoch.isEmpty()) {
      output = new Position(epoch, offset);
    }
  }
}
