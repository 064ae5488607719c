package io.drumline.redis.format;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.drumline.message.Position;
import io.drumline.message.Publication;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;

/**
 * The encoding of a publication on a channel. Numbers are big-endian; texts and arrays come after
 * their length in bytes:
 *
 * <pre>
 * head  version 1 (1 byte), epoch (1), offset (8 bytes, no length), previous id (1)
 * tail  id (1), time (8 bytes, no length), session (2), headers (4), body (4)
 * </pre>
 *
 * <p>The publisher writes the tail; {@code publish.lua} prepends the head once the message has its
 * position. Ephemeral publications have the head {@link #EPHEMERAL_HEAD}.
 */
public final class Envelope {
  private static final byte VERSION = 1;
  private static final int EPHEMERAL_HEAD = 1 + 1 + 8 + 1;
  private static final byte[] NONE = {};

  private Envelope() {}

  /** The part that the publisher knows. */
  public static byte[] tail(Draft draft, String id, long time) {
    return write(draft, id, time, 0).array();
  }

  /** A complete envelope without a position. */
  public static byte[] ephemeral(Draft draft, String id, long time) {
    return write(draft, id, time, EPHEMERAL_HEAD).put(0, VERSION).array();
  }

  /** Writes the tail after {@code head} zero bytes. */
  private static ByteBuffer write(Draft draft, String id, long time, int head) {
    byte[] idBytes = id.getBytes(UTF_8);
    byte[] session = draft.session() == null ? NONE : draft.session().getBytes(UTF_8);
    if (idBytes.length > 0xFF || session.length > 0xFFFF) {
      throw new IllegalArgumentException("The id or the session's name is too long.");
    }
    int size =
        Math.addExact(
            head + 1 + idBytes.length + 8 + 2 + session.length + 4 + 4,
            Math.addExact(draft.headers().length, draft.body().length));
    return ByteBuffer.allocate(size)
        .position(head)
        .put((byte) idBytes.length)
        .put(idBytes)
        .putLong(time)
        .putShort((short) session.length)
        .put(session)
        .putInt(draft.headers().length)
        .put(draft.headers())
        .putInt(draft.body().length)
        .put(draft.body());
  }

  /**
   * Decodes an envelope.
   *
   * @throws MalformedException if {@code bytes} are not a valid envelope
   */
  public static Publication read(Destination destination, byte[] bytes) throws MalformedException {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    try {
      if (in.get() != VERSION) {
        throw new MalformedException("unknown version");
      }
      String epoch = text(bytes, in, in.get() & 0xFF);
      long offset = in.getLong();
      String previousId = text(bytes, in, in.get() & 0xFF);
      String id = text(bytes, in, in.get() & 0xFF);
      long time = in.getLong();
      String session = text(bytes, in, in.getShort() & 0xFFFF);
      byte[] headers = array(in, in.getInt());
      byte[] body = array(in, in.getInt());
      if (in.hasRemaining()) {
        throw new MalformedException("bytes after the body");
      }
      if (id.isEmpty() || offset < 0 || epoch.isEmpty() != (offset == 0)) {
        throw new MalformedException("no id, or an impossible position");
      }
      if (!isName(epoch) || !isName(previousId) || !isName(id)) {
        throw new MalformedException("an id that no node gives");
      }
      if (!areHeaders(headers)) {
        throw new MalformedException("headers that are not lines of STOMP");
      }
      return new Publication(
          destination,
          epoch.isEmpty() ? Position.NONE : new Position(epoch, offset),
          previousId,
          id,
          time,
          headers,
          body,
          session.isEmpty() ? null : session);
    } catch (BufferUnderflowException e) {
      throw new MalformedException("truncated", e);
    }
  }

  private static String text(byte[] bytes, ByteBuffer in, int length) throws MalformedException {
    int start = in.position();
    check(in, length);
    in.position(start + length);
    return new String(bytes, start, length, UTF_8);
  }

  private static byte[] array(ByteBuffer in, int length) throws MalformedException {
    check(in, length);
    byte[] array = new byte[length];
    in.get(array);
    return array;
  }

  /** Checked before memory is allocated: the length may be wrong. */
  private static void check(ByteBuffer in, int length) throws MalformedException {
    if (length < 0 || length > in.remaining()) {
      throw new MalformedException("a length of " + length + " with " + in.remaining() + " left");
    }
  }

  /** Whether it is visible ASCII, as all generated ids are: it becomes part of headers. */
  private static boolean isName(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) <= ' ' || text.charAt(i) > '~') {
        return false;
      }
    }
    return true;
  }

  /**
   * Whether they are complete header lines: they are copied into frames unchanged, and must not end
   * the headers early.
   */
  private static boolean areHeaders(byte[] headers) {
    boolean named = false;
    for (byte b : headers) {
      if (b == 0 || b == '\r' || (b == '\n' && !named)) {
        return false;
      }
      named = b == ':' || (named && b != '\n');
    }
    return headers.length == 0 || headers[headers.length - 1] == '\n';
  }
}
