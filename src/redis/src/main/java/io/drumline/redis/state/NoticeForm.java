package io.drumline.redis.state;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.drumline.backplane.Notice;
import io.drumline.redis.format.MalformedException;
import java.io.ByteArrayOutputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.HashMap;
import java.util.Map;

/**
 * The encoding of a notice on the control channel. Texts are UTF-8, each after its length in bytes:
 *
 * <pre>
 * version 1 (1 byte), kind (1), number of fields (1 byte), then name (1) and value (2) of each
 * </pre>
 */
final class NoticeForm {
  private static final byte VERSION = 1;

  private NoticeForm() {}

  static byte[] write(Notice notice) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(VERSION);
    out.write(notice.kind().length());
    out.writeBytes(notice.kind().getBytes(US_ASCII));
    out.write(notice.fields().size());
    notice
        .fields()
        .forEach(
            (name, value) -> {
              byte[] nameBytes = name.getBytes(UTF_8);
              byte[] valueBytes = value.getBytes(UTF_8);
              out.write(nameBytes.length);
              out.writeBytes(nameBytes);
              out.write(valueBytes.length >> 8);
              out.write(valueBytes.length);
              out.writeBytes(valueBytes);
            });
    return out.toByteArray();
  }

  /**
   * Decodes a notice.
   *
   * @throws MalformedException if {@code bytes} are not a valid notice
   */
  static Notice read(byte[] bytes) throws MalformedException {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    try {
      if (in.get() != VERSION) {
        throw new MalformedException("unknown version");
      }
      String kind = text(in, in.get() & 0xFF);
      int count = in.get() & 0xFF;
      Map<String, String> fields = new HashMap<>();
      for (int i = 0; i < count; i++) {
        String name = text(in, in.get() & 0xFF);
        fields.put(name, text(in, in.getShort() & 0xFFFF));
      }
      if (in.hasRemaining() || fields.size() != count) {
        throw new MalformedException("bytes after the fields, or one field twice");
      }
      return new Notice(kind, fields);
    } catch (BufferUnderflowException e) {
      throw new MalformedException("truncated", e);
    } catch (CharacterCodingException e) {
      throw new MalformedException("text that is not UTF-8", e);
    } catch (IllegalArgumentException e) {
      throw new MalformedException(String.valueOf(e.getMessage()), e);
    }
  }

  private static String text(ByteBuffer in, int length) throws CharacterCodingException {
    if (length > in.remaining()) {
      throw new BufferUnderflowException();
    }
    ByteBuffer bytes = in.slice(in.position(), length);
    in.position(in.position() + length);
    return UTF_8.newDecoder().decode(bytes).toString();
  }
}
