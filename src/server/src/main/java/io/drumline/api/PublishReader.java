package io.drumline.api;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.drumline.stomp.codec.Header;
import io.drumline.stomp.codec.ReservedHeaders;
import io.drumline.stomp.codec.StompEncoder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.web.ErrorResponseException;
import tools.jackson.databind.JsonNode;

/** Reads the JSON of a publish request, or reports in one sentence what is invalid. */
final class PublishReader {
  private static final String FIELDS = "destination, user, body, headers, contentType and id";
  private static final int MAX_HEADERS = 64;
  private static final int MAX_HEADER_BYTES = 16 * 1024;
  private static final int LONGEST_ID = 128;
  private static final String DEFAULT_USER_DESTINATION = "/queue/messages";

  private final StrictJson json = new StrictJson();

  /**
   * @throws ErrorResponseException 400, if the request is not valid
   */
  Draft read(byte[] request) {
    PublishRequest publish = json.read(request, PublishRequest.class, FIELDS);
    JsonNode body = publish.body();
    if (body == null) {
      throw Problems.badField("body", "The body is missing; an empty one is \"\".");
    }
    String contentType = publish.contentType();
    if (contentType == null && !body.isString()) {
      contentType = "application/json";
    }
    return new Draft(
        destination(publish.destination(), publish.user()),
        headers(contentType, publish.headers()),
        body.isString() ? body.stringValue().getBytes(UTF_8) : json.write(body),
        id(publish.id()),
        null);
  }

  private static @Nullable String id(@Nullable String id) {
    if (id == null) {
      return null;
    }
    if (id.isEmpty() || id.length() > LONGEST_ID) {
      throw Problems.badField("id", "The id must have 1 to " + LONGEST_ID + " characters.");
    }
    return "api:" + id; // differs from all clients' ids
  }

  private static Destination destination(@Nullable String destination, @Nullable String user) {
    String field = "destination";
    try {
      if (user == null) {
        if (destination == null) {
          throw new IllegalArgumentException("The destination is missing, and so is the user.");
        }
        return Destination.of(checkedDestination(destination));
      }
      if (user.isBlank()) {
        field = "user";
        throw new IllegalArgumentException("The user is empty.");
      }
      if (destination == null) {
        return Destination.ofUser(user, DEFAULT_USER_DESTINATION);
      }
      if (!destination.startsWith("/") || destination.startsWith("/user/")) {
        throw new IllegalArgumentException(
            "With a user, the destination is the user's own, such as /queue/news.");
      }
      return Destination.ofUser(user, destination);
    } catch (IllegalArgumentException invalid) {
      throw Problems.badField(field, String.valueOf(invalid.getMessage()));
    }
  }

  private static String checkedDestination(String destination) {
    if (destination.startsWith("/app/")) {
      throw new IllegalArgumentException(
          "Application destinations (/app/...) take messages of connected clients only: publish to"
              + " /topic/..., /ephemeral/... or a user.");
    }
    if (Destination.lacksUser(destination)) {
      throw new IllegalArgumentException(
          "The destination %s names no user: put the name into the field user, and %s into the"
                  .formatted(destination, destination.substring("/user".length()))
              + " destination.");
    }
    return destination;
  }

  private static byte[] headers(
      @Nullable String contentType, @Nullable Map<String, @Nullable String> given) {
    List<Header> headers = new ArrayList<>();
    if (contentType != null) {
      headers.add(new Header("content-type", checked("contentType", contentType)));
    }
    if (given != null) {
      given.forEach(
          (name, value) -> headers.add(new Header(checkedName(name), checkedValue(name, value))));
    }
    byte[] block = StompEncoder.headerBlock(headers);
    if (headers.size() > MAX_HEADERS || block.length > MAX_HEADER_BYTES) {
      throw Problems.badField(
          "headers",
          "A message has at most %d headers of %d bytes together."
              .formatted(MAX_HEADERS, MAX_HEADER_BYTES));
    }
    return block;
  }

  private static String checkedName(String name) {
    if (name.equalsIgnoreCase("content-type")) {
      throw Problems.badField(
          "headers.content-type", "The content type has a field of its own: contentType.");
    }
    if (name.isEmpty()) {
      throw Problems.badField("headers.", "A header must have a name.");
    }
    switch (ReservedHeaders.of(name)) {
      case PASSED -> {}
      case TAKEN ->
          throw Problems.badField(
              "headers." + name,
              "The header " + name + " is for the server and reaches no subscriber: leave it out.");
      case REFUSED -> throw Problems.badField("headers." + name, ReservedHeaders.sentence(name));
    }
    return checked("headers." + name, name);
  }

  private static String checkedValue(String name, @Nullable String value) {
    if (value == null) {
      throw Problems.badField("headers." + name, "The header " + name + " has no value.");
    }
    return checked("headers." + name, value);
  }

  /** STOMP cannot escape a NUL: it would end the frame for clients that parse text. */
  private static String checked(String field, String text) {
    if (text.indexOf('\0') >= 0) {
      throw Problems.badField(field, "The field " + field + " contains a NUL character.");
    }
    return text;
  }
}
