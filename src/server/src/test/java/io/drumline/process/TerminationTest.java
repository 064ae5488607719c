package io.drumline.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import io.drumline.hub.Hub;
import io.drumline.ops.Drain.Then;
import io.drumline.session.SharedSessions;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** SIGTERM ends the process, whatever becomes of the drain. */
class TerminationTest {
  private final Error injected = new LinkageError("injected: to be seen in the log");
  private final Drain drain = mock(Drain.class);
  private int exits;
  private final Termination termination = new Termination(drain, () -> exits++);

  @Test
  void endsTheProcessOnceTheDrainHasEnded() {
    CompletableFuture<Void> drained = new CompletableFuture<>();
    when(drain.begin(Then.EXIT)).thenReturn(drained);
    termination.drainAndExit();
    assertThat(exits).isZero();
    drained.complete(null);
    assertThat(exits).isEqualTo(1);
  }

  @Test
  void endsTheProcessWhereTheDrainFails() {
    when(drain.begin(Then.EXIT)).thenReturn(CompletableFuture.failedFuture(injected));
    termination.drainAndExit();
    assertThat(exits).isEqualTo(1);
  }

  @Test
  void endsTheProcessWhereTheDrainCannotBegin() {
    when(drain.begin(Then.EXIT)).thenThrow(injected);
    termination.drainAndExit();
    assertThat(exits).isEqualTo(1);
  }

  /** Not even what the log line needs can be had. */
  @Test
  void aDrainThatFailsInWhateverItDoesHasEnded() {
    Hub hub = mock(Hub.class);
    when(hub.connectionCount()).thenThrow(injected);
    DrainProperties properties = new DrainProperties(Duration.ZERO, Duration.ZERO);
    DrainRun run =
        new DrainRun(
            hub,
            mock(SharedSessions.class),
            properties,
            new SimpleMeterRegistry().counter("closed"));
    run.start();
    assertThatExceptionOfType(CompletionException.class)
        .isThrownBy(() -> run.done().orTimeout(30, TimeUnit.SECONDS).join())
        .withCause(injected);
  }
}
