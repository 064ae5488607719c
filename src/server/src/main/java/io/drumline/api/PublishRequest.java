package io.drumline.api;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The JSON of a publish, as the caller wrote it; {@link PublishReader} says what is valid.
 *
 * @param destination where it goes; with {@code user}, the user's own destination
 * @param user the user whose devices shall receive it
 * @param body a string is sent as it is, any other value as JSON
 * @param headers further STOMP headers of the message
 * @param contentType the {@code content-type} header; {@code application/json} where the body is
 *     not a string
 * @param id the backend's own id of the message: of those with the same one to the same destination
 *     within five minutes, one is published
 */
record PublishRequest(
    @Nullable String destination,
    @Nullable String user,
    @Nullable JsonNode body,
    @Nullable Map<String, @Nullable String> headers,
    @Nullable String contentType,
    @Nullable String id) {}
