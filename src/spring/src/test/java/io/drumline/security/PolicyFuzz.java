package io.drumline.security;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.drumline.security.DestinationPolicy.Action;
import io.drumline.security.PolicyPattern.UnreadableException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Whatever a rule, a destination or an origin looks like: an answer or one named error. */
class PolicyFuzz {
  private static final DestinationPolicy POLICY =
      new DestinationPolicy(Settings.of("jwt.secret", TokenMaker.SECRET));
  private static final OriginPolicy ORIGINS = new OriginPolicy(List.of());
  private static final Identity ANN = Identity.named("ann");

  @FuzzTest(maxDuration = "10m")
  void answersOrSaysWhyNot(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    if (POLICY.allows(ANN, Action.SUBSCRIBE, text)) {
      assertThat(text).matches("(?s)/(user/ann|app)(/.*)?");
    }
    assertThat(ORIGINS.decide(List.of(text), "localhost:8080")).isNotNull();
    int line = Math.max(0, text.indexOf('\n'));
    String destination = text.substring(line);
    try {
      PolicyPattern pattern = PolicyPattern.parse(text.substring(0, line));
      if (pattern.covers(destination)) {
        pattern.fits(destination, ANN);
      }
    } catch (UnreadableException none) {
      assertThat(none.getMessage()).endsWith(".");
    }
  }
}
