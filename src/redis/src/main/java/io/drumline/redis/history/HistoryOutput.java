package io.drumline.redis.history;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.drumline.backplane.History;
import io.drumline.message.Cursor;
import io.drumline.message.Destination;
import io.drumline.message.Position;
import io.drumline.message.Publication;
import io.drumline.redis.command.Commands;
import io.drumline.redis.format.Envelope;
import io.drumline.redis.format.InvalidEnvelopes;
import io.drumline.redis.format.MalformedException;
import io.lettuce.core.output.CommandOutput;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The answer of {@code read.lua}. An entry that is not a valid envelope counts as not kept: the
 * page begins after it or ends before it, and the reader detects the gap.
 */
final class HistoryOutput extends CommandOutput<String, byte[], History> {
  private final Destination destination;
  private final InvalidEnvelopes invalid;
  private final List<Publication> page = new ArrayList<>();
  private @Nullable String epoch;
  private @Nullable String id;
  private long last = -1;
  private long first;
  private boolean ended;

  @SuppressWarnings("NullAway") // there is no output before the answer
  HistoryOutput(Destination destination, InvalidEnvelopes invalid) {
    super(Commands.CODEC, null);
    this.destination = destination;
    this.invalid = invalid;
  }

  @Override
  public void set(long number) {
    if (last < 0) {
      last = number;
    } else {
      first = number;
    }
  }

  @Override
  public void set(ByteBuffer bytes) {
    if (epoch == null) {
      epoch = US_ASCII.decode(bytes).toString();
    } else if (id == null) {
      id = US_ASCII.decode(bytes).toString();
    } else if (!ended) {
      byte[] copy = new byte[bytes.remaining()];
      bytes.get(copy);
      append(copy);
    }
  }

  private void append(byte[] bytes) {
    try {
      Publication publication = Envelope.read(destination, bytes);
      Position position = publication.position();
      ended =
          !position.epoch().equals(epoch)
              || (!page.isEmpty()
                  && position.offset() != page.get(page.size() - 1).position().offset() + 1);
      if (!ended) {
        page.add(publication);
      }
    } catch (MalformedException e) {
      invalid.dropped(destination, e);
      ended = !page.isEmpty();
    }
  }

  @Override
  public History get() {
    if (epoch == null || id == null) {
      return new History(null, 1, List.of());
    }
    return new History(new Cursor(new Position(epoch, last), id), first, page);
  }
}
