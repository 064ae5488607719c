package io.drumline.security;

import java.util.Objects;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.security.crypto.bcrypt.BCryptPasswordEncoder;

/** Properties as a node reads them. */
final class Settings {
  /** Of {@code sesame}, at the lowest cost. */
  static final String SESAME =
      Objects.requireNonNull(new BCryptPasswordEncoder(4).encode("sesame"));

  private Settings() {}

  /** Those of {@code drumline.security}, given as name and value in turn. */
  static SecurityProperties of(String... settings) {
    MapConfigurationPropertySource source = new MapConfigurationPropertySource();
    for (int i = 0; i < settings.length; i += 2) {
      source.put("drumline.security." + settings[i], settings[i + 1]);
    }
    return new Binder(source).bindOrCreate("drumline.security", SecurityProperties.class);
  }
}
