package io.drumline.chat;

import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.Pattern;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Settings of the chat application.
 *
 * @param rooms the rooms every visitor finds
 * @param endpoints WebSocket addresses the page chooses from, such as {@code
 *     wss://chat.example.org/ws}, or a path on the host and port the page was loaded from, such as
 *     {@code /ws}; when empty, the page uses this node's own listener
 * @param endpointsInUrl whether {@code ?endpoints=} in the page's address may name others, as tests
 *     and demonstrations want; whoever makes the link then chooses the server that visitors talk to
 */
@Validated
@ConfigurationProperties(value = "drumline.chat", ignoreUnknownFields = false)
record ChatProperties(
    @NotEmpty(message = "must name at least one room")
        @DefaultValue({"lobby", "engineering", "music"})
        List<@Pattern(regexp = ROOM, message = ROOM_RULE) String> rooms,
    @DefaultValue
        List<
                @Pattern(
                    regexp = "wss?://[^\\s,]+|/(?!/)[^\\s,]*",
                    message = "must be a ws:// or wss:// address, or a path")
                String>
            endpoints,
    @DefaultValue("false") boolean endpointsInUrl) {

  static final String ROOM = "[a-z0-9][a-z0-9-]{0,39}";
  static final String ROOM_RULE =
      "must be 1 to 40 lower-case letters, digits and hyphens, beginning with a letter or digit";
}
