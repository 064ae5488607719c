package io.drumline.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.loop.Periodic;
import io.drumline.loop.TaskGuard;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class OwnerThreadTest {
  private final TaskGuard guard = new Periodic(new SimpleMeterRegistry()).guard("redis_link");
  private final OwnerThread thread = new OwnerThread(guard);

  @AfterEach
  void close() {
    thread.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
  }

  @Test
  void goesOnAfterATaskThatThrows() {
    thread.execute(
        () -> {
          throw new IllegalStateException("on purpose");
        });
    thread.execute(
        () -> {
          throw new AssertionError("on purpose");
        });

    assertThat(thread.submit(() -> "next").awaitUninterruptibly().getNow()).isEqualTo("next");
    assertThat(
            thread
                .schedule(() -> "later", 1, TimeUnit.MILLISECONDS)
                .awaitUninterruptibly()
                .getNow())
        .isEqualTo("later");
    assertThat(guard.failures()).isEqualTo(2);
  }

  @Test
  void endsInOrder() {
    thread.execute(() -> {});

    assertThat(thread.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(5_000))
        .isTrue();
    assertThat(thread.isTerminated()).isTrue();
  }
}
