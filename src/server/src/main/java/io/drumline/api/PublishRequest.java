package io.drumline.api;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The JSON of a publish request, as sent; {@link PublishReader} validates it.
 *
 * @param destination the destination; with {@code user}, the user's own destination
 * @param user the user whose sessions receive the message
 * @param body a string is sent unchanged, any other value as JSON
 * @param headers further STOMP headers of the message
 * @param contentType the {@code content-type} header; by default {@code application/json} if the
 *     body is not a string
 * @param id the backend's own id of the message: of messages with the same id to the same
 *     destination within five minutes, only one is published
 */
record PublishRequest(
    @Nullable String destination,
    @Nullable String user,
    @Nullable JsonNode body,
    @Nullable Map<String, @Nullable String> headers,
    @Nullable String contentType,
    @Nullable String id) {}
