package io.drumline.chat;

import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Size;

/**
 * What a client sends to a room.
 *
 * @param name who the writer says they are
 * @param text what they say
 */
record ChatPost(
    @NotBlank(message = "must not be blank")
        @Size(max = 40, message = "must have at most 40 characters")
        String name,
    @NotBlank(message = "must not be blank")
        @Size(max = 2000, message = "must have at most 2000 characters")
        String text) {}
