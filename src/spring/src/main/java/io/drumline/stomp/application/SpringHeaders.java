package io.drumline.stomp.application;

import io.drumline.stomp.codec.Header;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.springframework.messaging.MessageHeaders;
import org.springframework.messaging.simp.SimpMessageHeaderAccessor;
import org.springframework.messaging.simp.stomp.StompHeaderAccessor;
import org.springframework.messaging.support.NativeMessageHeaderAccessor;
import org.springframework.util.LinkedMultiValueMap;
import org.springframework.util.MultiValueMap;

/** Converts STOMP headers to Spring's and back. */
public final class SpringHeaders {
  private SpringHeaders() {}

  static MultiValueMap<String, String> multiValueMap(List<Header> headers) {
    MultiValueMap<String, String> map = new LinkedMultiValueMap<>(headers.size());
    for (Header header : headers) {
      map.add(header.name(), header.value());
    }
    return map;
  }

  /** The STOMP headers of a message; empty if it has none. */
  static List<Header> nativeHeaders(MessageHeaders headers) {
    return headers.get(NativeMessageHeaderAccessor.NATIVE_HEADERS) instanceof Map<?, ?> map
        ? list(map)
        : List.of();
  }

  /**
   * The STOMP headers of a message published by application code, without the one that Spring adds
   * for its own use.
   */
  public static List<Header> published(StompHeaderAccessor accessor) {
    List<Header> headers = list(accessor.toNativeHeaderMap());
    headers.removeIf(
        header -> header.name().equals(SimpMessageHeaderAccessor.ORIGINAL_DESTINATION));
    return headers;
  }

  /** Only the first value of a name counts, as in STOMP. */
  static List<Header> list(Map<?, ?> map) {
    List<Header> headers = new ArrayList<>(map.size());
    map.forEach(
        (name, values) -> {
          if (values instanceof Collection<?> all && !all.isEmpty()) {
            headers.add(new Header(String.valueOf(name), String.valueOf(all.iterator().next())));
          }
        });
    return headers;
  }
}
