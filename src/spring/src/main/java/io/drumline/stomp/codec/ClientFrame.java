package io.drumline.stomp.codec;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A frame from a client. Only the first header of a repeated name is kept. Immutable, but the body
 * is shared, not copied.
 */
public final class ClientFrame {
  /** Approximate bytes of an object with its references. */
  private static final int OVERHEAD = 64;

  private final ClientCommand command;
  private final List<Header> headers;
  private final byte[] body;

  /** Takes ownership of the list and the body: the caller must not change them. */
  public ClientFrame(ClientCommand command, List<Header> headers, byte[] body) {
    this.command = command;
    this.headers = withoutRepeats(headers);
    this.body = body;
  }

  public ClientCommand command() {
    return command;
  }

  /** The value of this header, or null. */
  public @Nullable String header(String name) {
    return Header.first(headers, name);
  }

  /**
   * The value of a required header.
   *
   * @throws StompException if it is missing or empty
   */
  public String required(String name) {
    String value = header(name);
    if (value == null || value.isEmpty()) {
      throw new StompException(
          "The " + command + " frame lacks the header '" + name + "'.", header("receipt"));
    }
    return value;
  }

  /** The headers in order, without repeated names. */
  public List<Header> headers() {
    return headers;
  }

  public byte[] body() {
    return body;
  }

  /** The approximate number of bytes that it takes to keep the frame. */
  public int size() {
    int size = OVERHEAD + body.length;
    for (Header header : headers) {
      size += OVERHEAD + header.name().length() + header.value().length();
    }
    return size;
  }

  /** Quadratic, but decoders limit the number of headers, and repeats are rare. */
  private static List<Header> withoutRepeats(List<Header> headers) {
    for (int i = 1; i < headers.size(); i++) {
      if (repeats(headers, i)) {
        List<Header> first = new ArrayList<>(headers.subList(0, i));
        for (int k = i + 1; k < headers.size(); k++) {
          if (!repeats(headers, k)) {
            first.add(headers.get(k));
          }
        }
        return first;
      }
    }
    return headers;
  }

  private static boolean repeats(List<Header> headers, int index) {
    String name = headers.get(index).name();
    for (int i = 0; i < index; i++) {
      if (headers.get(i).name().equals(name)) {
        return true;
      }
    }
    return false;
  }
}
