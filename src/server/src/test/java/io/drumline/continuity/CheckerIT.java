package io.drumline.continuity;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.DrumlineApplication;
import io.drumline.continuity.Load.Clients;
import io.drumline.continuity.Relay.Spoiling;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** The checker sees what a relay does to one message between a real node and its subscribers. */
class CheckerIT {
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private static ConfigurableApplicationContext node;
  private static URI url;

  @BeforeAll
  static void startNode() {
    node =
        new SpringApplicationBuilder(DrumlineApplication.class)
            .run("--drumline.listener.port=0", "--server.port=0");
    String port = node.getEnvironment().getRequiredProperty("local.drumline.listener.port");
    url = URI.create("ws://127.0.0.1:" + port + "/ws");
  }

  @AfterAll
  static void stopNode() {
    node.close();
  }

  static Stream<Arguments> spoilings() {
    Random seeds = new Random();
    return Stream.of(
        Arguments.of(Spoiling.NOTHING, Map.of(), seeds.nextLong()),
        Arguments.of(Spoiling.DROP, Map.of(Fault.UNFLAGGED, 1L), seeds.nextLong()),
        Arguments.of(Spoiling.DOUBLE, Map.of(Fault.DOUBLED, 1L), seeds.nextLong()),
        Arguments.of(Spoiling.SWAP, Map.of(Fault.REORDERED, 1L), seeds.nextLong()),
        Arguments.of(Spoiling.MISLABEL, Map.of(Fault.PHANTOM, 1L), seeds.nextLong()));
  }

  @ParameterizedTest(name = "{0} gives {1}, seed {2}")
  @MethodSource("spoilings")
  void spoiledMessageTurnsItsVerdictRedAndNoOther(
      Spoiling spoiling, Map<Fault, Long> faults, long seed) {
    int number = 50 + new Random(seed).nextInt(100);
    Clients clients = new Clients(Load.Continuity.RESUMING, Duration.ofSeconds(3), seed);
    try (Relay relay = new Relay(url, spoiling, number);
        Run run = Run.start(new Load(List.of(relay.url(), url), 12, 2, 200, 0, clients))) {
      // A third of what is accepted would do: each message passes the relay three times.
      run.awaitLive().publish().awaitAccepted(200);
      Verdict verdict = Verdict.of(run.finish(PATIENCE));
      assertThat(verdict.faults()).as(verdict::toString).isEqualTo(faults);
      assertThat(verdict.delivered()).isGreaterThanOrEqualTo(verdict.accepted() * 6 - 1);
      assertThat(verdict.resumes().count()).isZero();
    }
  }
}
