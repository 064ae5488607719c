package io.drumline.deploy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** The project's docker-compose.yml, its anchors resolved. */
public record ComposeFile(Map<String, Service> services) {

  /** What a service says of itself. */
  public record Service(String name, Map<String, Object> settings) {

    Object get(String setting) {
      return settings.get(setting);
    }

    boolean has(String setting) {
      return settings.containsKey(setting);
    }

    List<String> list(String setting) {
      return has(setting)
          ? ((List<?>) get(setting)).stream().map(String::valueOf).toList()
          : List.of();
    }

    Map<String, Object> map(String setting) {
      return has(setting) ? asMap(get(setting)) : Map.of();
    }

    @Override
    public String toString() {
      return name;
    }

    /** The environment variables. */
    public Map<String, String> environment() {
      Map<String, String> environment = new TreeMap<>();
      map("environment").forEach((name, value) -> environment.put(name, String.valueOf(value)));
      return environment;
    }

    /** The files of this repository that it gets to see, by their place in the container. */
    public Map<Path, Path> mounts() {
      Map<Path, Path> mounts = new TreeMap<>();
      for (String volume : list("volumes")) {
        String[] parts = volume.split(":", -1);
        if (parts[0].startsWith("./")) {
          mounts.put(Path.of(parts[1]), Path.of(parts[0].substring(2)));
        }
      }
      return mounts;
    }
  }

  public static ComposeFile read() {
    Map<String, Service> services = new TreeMap<>();
    asMap(yaml(Path.of("docker-compose.yml")).get("services"))
        .forEach((name, settings) -> services.put(name, new Service(name, asMap(settings))));
    return new ComposeFile(services);
  }

  /** The nodes: what runs the image that is made here. */
  public List<Service> nodes() {
    return services.values().stream()
        .filter(service -> service.get("image").toString().startsWith("drumline:"))
        .toList();
  }

  public Service service(String name) {
    return services.get(name);
  }

  static Map<String, Object> yaml(Path file) {
    try {
      return asMap(new Yaml(new SafeConstructor(new LoaderOptions())).load(Files.readString(file)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @SuppressWarnings("unchecked") // the keys of all that is read here are text
  static Map<String, Object> asMap(Object value) {
    return (Map<String, Object>) value;
  }
}
