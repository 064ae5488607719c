package io.drumline.process;

import java.time.Duration;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.ConfigurableApplicationContext;

/** Repeats what a node does only once, when it has started. */
public final class StartAgain {
  private StartAgain() {}

  public static void in(ConfigurableApplicationContext node) {
    node.getBean(StartupLog.class)
        .ready(
            new ApplicationReadyEvent(new SpringApplication(), new String[0], node, Duration.ZERO));
  }
}
