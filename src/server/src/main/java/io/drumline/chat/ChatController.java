package io.drumline.chat;

import io.drumline.message.NodeId;
import jakarta.validation.Valid;
import java.security.Principal;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.messaging.converter.MessageConversionException;
import org.springframework.messaging.handler.annotation.DestinationVariable;
import org.springframework.messaging.handler.annotation.Header;
import org.springframework.messaging.handler.annotation.MessageExceptionHandler;
import org.springframework.messaging.handler.annotation.MessageMapping;
import org.springframework.messaging.handler.annotation.Payload;
import org.springframework.messaging.handler.annotation.support.MethodArgumentNotValidException;
import org.springframework.messaging.simp.SimpMessageSendingOperations;
import org.springframework.messaging.simp.annotation.SendToUser;
import org.springframework.messaging.simp.annotation.SubscribeMapping;
import org.springframework.stereotype.Controller;
import org.springframework.validation.BindingResult;

/**
 * Publishes messages that clients send to {@code /app/rooms/<room>} to all subscribers of {@code
 * /topic/rooms.<room>}, on every node.
 */
@Controller
final class ChatController {
  private static final Pattern ROOM = Pattern.compile(ChatProperties.ROOM);
  private static final int MAX_REF = 64;

  private final ChatProperties properties;
  private final String node;
  private final SimpMessageSendingOperations messages;
  private final Clock clock = Clock.systemUTC();

  ChatController(ChatProperties properties, NodeId node, SimpMessageSendingOperations messages) {
    this.properties = properties;
    this.node = node.value();
    this.messages = messages;
  }

  @MessageMapping("/rooms/{room}")
  void post(
      @DestinationVariable String room,
      @Payload @Valid ChatPost post,
      @Header(name = "ref", required = false) @Nullable String ref,
      Optional<Principal> author) {
    if (!ROOM.matcher(room).matches()) {
      throw new IllegalArgumentException("The room " + ChatProperties.ROOM_RULE + ".");
    }
    if (ref != null && ref.length() > MAX_REF) {
      throw new IllegalArgumentException("The ref must have at most " + MAX_REF + " characters.");
    }
    // An authenticated user posts under that name; only an anonymous client may choose one.
    String name = author.map(Principal::getName).orElseGet(() -> post.name().strip());
    ChatMessage message = new ChatMessage(name, post.text(), clock.instant(), node, ref);
    // The ref is also the publisher's id: a message sent again is published once.
    Map<String, Object> headers = ref == null ? Map.of() : Map.of("id", ref);
    messages.convertAndSend("/topic/rooms." + room, message, headers);
  }

  @SubscribeMapping("/rooms")
  List<String> rooms() {
    return properties.rooms();
  }

  /** The node that serves the client. */
  @SubscribeMapping("/node")
  String node() {
    return node;
  }

  @MessageExceptionHandler
  @SendToUser(destinations = "/queue/refusals", broadcast = false)
  ChatRefusal refuse(
      MethodArgumentNotValidException invalid,
      @Header(name = "ref", required = false) @Nullable String ref) {
    return new ChatRefusal(sentence(invalid.getBindingResult()), ref);
  }

  @MessageExceptionHandler
  @SendToUser(destinations = "/queue/refusals", broadcast = false)
  ChatRefusal refuse(
      MessageConversionException unreadable,
      @Header(name = "ref", required = false) @Nullable String ref) {
    return new ChatRefusal("The message is not JSON with a name and a text.", ref);
  }

  @MessageExceptionHandler
  @SendToUser(destinations = "/queue/refusals", broadcast = false)
  ChatRefusal refuse(
      IllegalArgumentException invalid,
      @Header(name = "ref", required = false) @Nullable String ref) {
    return new ChatRefusal(String.valueOf(invalid.getMessage()), ref);
  }

  private static String sentence(@Nullable BindingResult invalid) {
    if (invalid == null) {
      return "The message is not valid.";
    }
    return invalid.getFieldErrors().stream()
        .map(error -> "The " + error.getField() + ' ' + error.getDefaultMessage() + '.')
        .sorted()
        .collect(Collectors.joining(" "));
  }
}
