package io.drumline;

import java.util.Locale;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;

/** Reports invalid YAML in a configuration file in one sentence, instead of a stack trace. */
final class YamlFailureAnalyzer extends AbstractFailureAnalyzer<MarkedYAMLException> {
  @Override
  protected FailureAnalysis analyze(Throwable rootFailure, MarkedYAMLException invalid) {
    Mark place = invalid.getProblemMark();
    String where =
        place == null
            ? ""
            : " at line %d, column %d".formatted(place.getLine() + 1, place.getColumn() + 1);
    String sentence =
        "A YAML file of settings (application.yaml, or what spring.config names) cannot be read%s:"
                .formatted(where)
            + " %s; check the indentation, which must be spaces, and that no key is there twice."
                .formatted(String.valueOf(invalid.getProblem()).toLowerCase(Locale.ROOT));
    return new FailureAnalysis(sentence, null, invalid);
  }
}
