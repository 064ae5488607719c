package io.drumline.tracing.otel;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The trace context in a block of escaped STOMP header lines. */
final class TraceHeaders {
  static final String PARENT = "traceparent";
  static final String STATE = "tracestate";

  private static final byte[] PARENT_LINE = (PARENT + ':').getBytes(UTF_8);
  private static final byte[] STATE_LINE = (STATE + ':').getBytes(UTF_8);

  private TraceHeaders() {}

  /** The unescaped value, or null without such a header. */
  static @Nullable String find(byte[] block, String name) {
    byte[] line = name.equals(PARENT) ? PARENT_LINE : STATE_LINE;
    for (int start = 0; start < block.length; start = end(block, start) + 1) {
      if (startsWith(block, start, line)) {
        int value = start + line.length;
        return new String(block, value, end(block, start) - value, UTF_8)
            .replace("\\c", ":")
            .replace("\\\\", "\\");
      }
    }
    return null;
  }

  /** The block with these values instead of its own. */
  static byte[] replace(byte[] block, Map<String, String> own) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(block.length + 96);
    for (int start = 0; start < block.length; start = end(block, start) + 1) {
      if (!startsWith(block, start, PARENT_LINE) && !startsWith(block, start, STATE_LINE)) {
        out.write(block, start, Math.min(block.length, end(block, start) + 1) - start);
      }
    }
    own.forEach(
        (name, value) ->
            out.writeBytes(
                (name + ':' + value.replace("\\", "\\\\").replace(":", "\\c") + '\n')
                    .getBytes(UTF_8)));
    return out.toByteArray();
  }

  private static int end(byte[] block, int start) {
    int end = start;
    while (end < block.length && block[end] != '\n') {
      end++;
    }
    return end;
  }

  private static boolean startsWith(byte[] block, int start, byte[] prefix) {
    if (block.length - start < prefix.length) {
      return false;
    }
    for (int i = 0; i < prefix.length; i++) {
      if (block[start + i] != prefix[i]) {
        return false;
      }
    }
    return true;
  }
}
