package io.drumline.api;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Access to the control plane. Health is public.
 *
 * @param keys Keys that callers may show.
 * @param tokens Whether the tokens of {@code drumline.security.jwt} are accepted, too; their scopes
 *     then say what they are for.
 * @param anonymous Whether callers may show nothing; by default, only on a node with the memory
 *     backplane without keys and tokens.
 * @param openMetrics Whether metrics may be read by all who reach the control plane; else with the
 *     scope {@code read}.
 */
@ConfigurationProperties(value = "drumline.api", ignoreUnknownFields = false)
record ApiProperties(
    @DefaultValue List<Key> keys,
    @DefaultValue("false") boolean tokens,
    @Nullable Boolean anonymous,
    @DefaultValue("true") boolean openMetrics) {

  /** What a key or a token permits. */
  enum Scope {
    PUBLISH,
    READ,
    /** Everything. */
    ADMIN;

    /** The name in a token, and Spring Security's authority. */
    String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  ApiProperties {
    Set<String> names = new HashSet<>();
    for (Key key : keys) {
      require(names.add(key.name()), "drumline.api.keys: there are two keys named " + key.name());
    }
  }

  /**
   * A key, of which only the hash is configured.
   *
   * @param name Who has it, for logs.
   * @param hash {@code sha256:} and the hexadecimal SHA-256 of the key. A key is a long random
   *     text, so a fast hash is enough.
   * @param scopes What it is for.
   */
  record Key(String name, String hash, Set<Scope> scopes) {
    private static final Pattern HASH = Pattern.compile("sha256:[0-9a-f]{64}");

    Key {
      require(name != null && !name.isBlank(), "drumline.api.keys must each have a name");
      require(
          hash != null && HASH.matcher(hash).matches(),
          "drumline.api.keys: the hash of " + name + " must be sha256: and 64 hexadecimal digits");
      require(
          scopes != null && !scopes.isEmpty(),
          "drumline.api.keys: " + name + " must have scopes: publish, read or admin");
    }

    /** Without the hash. */
    @Override
    public String toString() {
      return "Key[" + name + ", " + scopes + ']';
    }
  }

  private static void require(boolean condition, String sentence) {
    if (!condition) {
      throw new IllegalArgumentException(sentence);
    }
  }
}
