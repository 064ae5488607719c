package io.drumline.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.drumline.hub.EventLoops;
import io.drumline.loop.Periodic;
import io.drumline.loop.Watchdog;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Primary;

/** Whether an orchestrator restarts a node that only looks alive. */
class LivenessIT {

  @Configuration(proxyBeanMethods = false)
  static class Impatient {
    @Bean(initMethod = "start", destroyMethod = "close")
    @Primary
    Watchdog impatientWatchdog(Periodic periodic, MeterRegistry registry) {
      return new Watchdog(periodic, Duration.ofSeconds(10), Duration.ofSeconds(1), registry);
    }
  }

  @Test
  void fallsWhileAnEventLoopIsStuck() {
    try (Node node = Node.alone(Impatient.class, "drumline.hub.threads=2")) {
      Node.patiently().until(() -> node.liveness() == 200);
      CountDownLatch goOn = new CountDownLatch(1);
      node.bean(EventLoops.class)
          .group()
          .next()
          .execute(
              () -> {
                try {
                  goOn.await();
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              });
      try {
        Node.patiently().until(() -> node.liveness() == 503);
        assertThat(node.control("/actuator/health/liveness").body()).contains("loop_tick");
      } finally {
        goOn.countDown();
      }
      Node.patiently().until(() -> node.liveness() == 200);
    }
  }
}
