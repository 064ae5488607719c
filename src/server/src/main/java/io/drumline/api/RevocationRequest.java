package io.drumline.api;

import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;

/**
 * The JSON of a revocation, as sent; {@link RevocationReader} validates it.
 *
 * @param user a user's name
 * @param session a client-id, or a connection's session id
 * @param token a token's {@code jti}
 * @param action {@code kick}: close the connections; {@code block}: also reject new ones for a time
 * @param until when a block ends, as 2026-11-25T12:00:00Z
 * @param time its duration, as an alternative, such as 24h
 * @param reason for the client
 */
record RevocationRequest(
    @Nullable String user,
    @Nullable String session,
    @Nullable String token,
    @Nullable String action,
    @Nullable String until,
    @JsonProperty("for") @Nullable String time,
    @Nullable String reason) {}
