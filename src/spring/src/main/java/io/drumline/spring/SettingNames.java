package io.drumline.spring;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.Enumeration;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The names of Drumline's settings, to suggest one for an unknown name. */
public final class SettingNames {
  private static final Pattern NAME = Pattern.compile("\"name\"\\s*:\\s*\"(drumline\\.[^\"]+)\"");
  private static final String METADATA = "META-INF/spring-configuration-metadata.json";
  private static final Pattern INDEX = Pattern.compile("\\[\\d+]");

  /** The most characters that a typing error may change. */
  private static final int NEAR = 3;

  /** Removed settings, without indexes, and what to do about them. */
  private static final Map<String, String> REMOVED =
      Map.of(
          "drumline.security.rules.presence",
          "was removed, since there is no presence that it could grant: delete it");

  private SettingNames() {}

  /** A sentence about an unknown setting: the likely intended name, or why it was removed. */
  public static String unknown(String name) {
    String bare = INDEX.matcher(name).replaceAll("");
    String removed = REMOVED.get(bare);
    if (removed != null) {
      return name + ' ' + removed + '.';
    }
    String near = nearest(bare);
    return "There is no setting " + name + (near == null ? "." : "; did you mean " + near + "?");
  }

  private static @Nullable String nearest(String name) {
    String asked = name.toLowerCase(Locale.ROOT);
    return known().stream()
        .filter(each -> distance(asked, each) <= NEAR)
        .min(Comparator.comparingInt(each -> distance(asked, each)))
        .orElse(null);
  }

  /** Reads the metadata of Spring Boot's annotation processor; empty if it is missing. */
  private static Set<String> known() {
    Set<String> names = new TreeSet<>();
    try {
      Enumeration<URL> files = SettingNames.class.getClassLoader().getResources(METADATA);
      while (files.hasMoreElements()) {
        try (InputStream in = files.nextElement().openStream()) {
          NAME.matcher(new String(in.readAllBytes(), StandardCharsets.UTF_8))
              .results()
              .forEach(match -> names.add(match.group(1)));
        }
      }
    } catch (IOException unreadable) {
      return names; // the sentence is correct without a suggestion
    }
    return names;
  }

  /** The Levenshtein distance. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int changed = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(changed, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
  }
}
