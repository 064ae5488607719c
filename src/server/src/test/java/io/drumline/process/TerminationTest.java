package io.drumline.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import io.drumline.ops.Drain;
import io.drumline.ops.Drain.Then;
import java.util.concurrent.CompletableFuture;
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
}
