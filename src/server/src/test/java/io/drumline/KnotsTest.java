package io.drumline;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * Files of one package that all need each other can only be understood together. {@code ./mvnw test
 * -Dtest=KnotsTest} prints the largest such set of each package.
 */
class KnotsTest {
  private static final int MOST = 5;

  @Test
  void noPackageTiesMoreThanFiveFilesTogether() {
    Map<String, Map<String, Set<String>>> packages = new TreeMap<>();
    new ClassFileImporter()
        .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
        .withImportOption(new DirectionsTest.NoTestJars())
        .importPackages("io.drumline")
        .forEach(type -> add(type, packages));
    List<String> knots = new ArrayList<>();
    packages.forEach(
        (name, files) -> {
          List<Set<String>> found = new Components(files).all();
          Set<String> largest =
              found.stream().reduce(Set.of(), (a, b) -> b.size() > a.size() ? b : a);
          System.out.printf("%s: %d of %d files%n", name, largest.size(), files.size());
          found.stream()
              .filter(knot -> knot.size() > MOST)
              .forEach(knot -> knots.add(name + " " + knot));
        });
    assertThat(packages).hasSizeGreaterThan(10);
    assertThat(knots).as("sets of more than " + MOST + " files that need each other").isEmpty();
  }

  private static void add(JavaClass type, Map<String, Map<String, Set<String>>> packages) {
    Set<String> needed =
        packages
            .computeIfAbsent(type.getPackageName(), name -> new TreeMap<>())
            .computeIfAbsent(file(type), name -> new TreeSet<>());
    for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
      JavaClass target = dependency.getTargetClass().getBaseComponentType();
      if (target.getPackageName().equals(type.getPackageName())) {
        needed.add(file(target));
      }
    }
  }

  /** The top-level class, which has the file's name. */
  private static String file(JavaClass type) {
    return type.getName().substring(type.getPackageName().length() + 1).split("\\$", 2)[0];
  }

  /** The strongly connected components of a graph, as Tarjan found them. */
  private static final class Components {
    private final Map<String, Set<String>> graph;
    private final Map<String, Integer> numbers = new HashMap<>();
    private final Map<String, Integer> lowest = new HashMap<>();
    private final Deque<String> open = new ArrayDeque<>();
    private final List<Set<String>> found = new ArrayList<>();

    Components(Map<String, Set<String>> graph) {
      this.graph = graph;
    }

    List<Set<String>> all() {
      for (String file : graph.keySet()) {
        if (!numbers.containsKey(file)) {
          visit(file);
        }
      }
      return found;
    }

    private void visit(String file) {
      int number = numbers.size();
      numbers.put(file, number);
      lowest.put(file, number);
      open.push(file);
      for (String next : graph.getOrDefault(file, Set.of())) {
        if (!numbers.containsKey(next)) {
          visit(next);
          lowest.merge(file, lowest.get(next), Math::min);
        } else if (open.contains(next)) {
          lowest.merge(file, numbers.get(next), Math::min);
        }
      }
      if (lowest.get(file) == number) {
        Set<String> component = new TreeSet<>();
        String member;
        do {
          member = open.pop();
          component.add(member);
        } while (!member.equals(file));
        found.add(component);
      }
    }
  }
}
