package io.drumline.ops;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import io.drumline.hub.Hub;
import io.drumline.session.SharedSessions;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A drain ends, whatever fails in it. */
class DrainRunTest {
  private final Error injected = new LinkageError("injected: to be seen in the log");

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
