package io.drumline.api;

import jakarta.validation.constraints.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.validation.annotation.Validated;

/**
 * Settings of the HTTP API.
 *
 * @param key what callers must show as {@code Authorization: Bearer <key>} or {@code X-API-Key};
 *     unset leaves the API to whoever reaches the control plane
 */
@Validated
@ConfigurationProperties(value = "drumline.api", ignoreUnknownFields = false)
record ApiProperties(
    @Nullable
        @Pattern(
            regexp = "[\\x21-\\x7E]+",
            message = "must be visible ASCII characters without spaces, at least one")
        String key) {

  /** Without the key, so that it reaches no log. */
  @Override
  public String toString() {
    return "ApiProperties[key=" + (key == null ? "none" : "set") + ']';
  }
}
