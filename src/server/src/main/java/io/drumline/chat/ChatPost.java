package io.drumline.chat;

import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Size;

/**
 * A client's message to a room.
 *
 * @param name the name that the author chose
 * @param text the author's text
 */
record ChatPost(
    @NotBlank(message = "must not be blank")
        @Size(max = 40, message = "must have at most 40 characters")
        String name,
    @NotBlank(message = "must not be blank")
        @Size(max = 2000, message = "must have at most 2000 characters")
        String text) {}
