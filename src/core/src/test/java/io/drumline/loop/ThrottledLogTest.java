package io.drumline.loop;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class ThrottledLogTest {
  private static final Duration INTERVAL = ThrottledLog.INTERVAL;

  private final EmbeddedChannel channel = new EmbeddedChannel();
  private final AtomicLong nanos = new AtomicLong();
  private final Logger logger = (Logger) LoggerFactory.getLogger(ThrottledLogTest.class);
  private final ListAppender<ILoggingEvent> written = new ListAppender<>();
  private final ThrottledLog log = new ThrottledLog(logger, nanos::get, channel.eventLoop());

  @BeforeEach
  void listen() {
    written.start();
    logger.setAdditive(false);
    logger.addAppender(written);
  }

  @AfterEach
  void close() {
    logger.detachAppender(written);
    logger.setAdditive(true);
    channel.close();
  }

  @Test
  void writesTheFirstLineAtOnce() {
    log.warn("full", "The queue of {} is full", "redis");

    assertThat(lines()).containsExactly("The queue of redis is full");
    assertThat(written.list.get(0).getLevel()).isEqualTo(Level.WARN);
  }

  @Test
  void writesTheLastOneOfAFloodWithTheCountOfTheOthers() {
    for (int i = 1; i <= 628; i++) {
      log.warn("full", "Request {} was rejected", i);
    }
    assertThat(lines()).containsExactly("Request 1 was rejected");

    pass(INTERVAL);

    assertThat(lines())
        .containsExactly(
            "Request 1 was rejected",
            "Request 628 was rejected (626 more like this in the last 10 s)");
  }

  @Test
  void writesNothingLaterWhereNothingWasLeftOut() {
    log.warn("full", "The queue is full");

    pass(INTERVAL);
    pass(INTERVAL);

    assertThat(lines()).hasSize(1);
  }

  @Test
  void goesOnThrottlingWhileTheFloodLasts() {
    for (int second = 0; second < 30; second++) {
      log.warn("full", "At {} s", second);
      pass(Duration.ofSeconds(1));
    }

    assertThat(lines())
        .containsExactly(
            "At 0 s",
            "At 9 s (8 more like this in the last 10 s)",
            "At 19 s (9 more like this in the last 10 s)",
            "At 29 s (9 more like this in the last 10 s)");
  }

  @Test
  void writesAtOnceAgainAfterAQuietTime() {
    log.warn("full", "first");
    pass(INTERVAL);

    log.warn("full", "second");

    assertThat(lines()).containsExactly("first", "second");
  }

  @Test
  void causesDoNotSilenceEachOther() {
    log.warn("full", "full");
    pass(Duration.ofSeconds(3));
    log.error("broken", "broken");
    log.warn("full", "full");
    log.error("broken", "broken");

    assertThat(lines()).containsExactly("full", "broken");
    pass(Duration.ofSeconds(7));
    assertThat(lines()).containsExactly("full", "broken", "full");
    pass(Duration.ofSeconds(3));
    assertThat(lines()).containsExactly("full", "broken", "full", "broken");
  }

  @Test
  void neverThrows() {
    ScheduledExecutorService ended = Executors.newSingleThreadScheduledExecutor();
    ended.shutdownNow();
    ThrottledLog failing = new ThrottledLog(logger, nanos::get, ended);
    for (int i = 0; i < 3; i++) {
      failing.warn("full", "first");
    }
    assertThat(lines()).containsExactly("first");
  }

  @Test
  void keepsTheExceptionAndTheLevel() {
    Exception failure = new IllegalStateException("on purpose");
    log.info("failed", "{} failed", "It", failure);

    ILoggingEvent event = written.list.get(0);
    assertThat(event.getFormattedMessage()).isEqualTo("It failed");
    assertThat(event.getLevel()).isEqualTo(Level.INFO);
    assertThat(event.getThrowableProxy().getMessage()).isEqualTo("on purpose");
  }

  @Test
  void causesBeyondTheBoundShareOne() {
    for (int i = 0; i < ThrottledLog.MAX_CAUSES + 50; i++) {
      log.warn("cause " + i, "of cause {}", i);
    }
    assertThat(lines()).hasSize(ThrottledLog.MAX_CAUSES + 1);

    pass(INTERVAL);

    assertThat(lines()).last().asString().contains("(48 more like this");
  }

  @Test
  void causesThatAreOverMakeRoom() {
    for (int round = 0; round < 3; round++) {
      for (int i = 0; i < ThrottledLog.MAX_CAUSES; i++) {
        log.warn("cause " + round + " " + i, "of cause {}", i);
      }
      pass(INTERVAL);
    }

    assertThat(lines()).hasSize(3 * ThrottledLog.MAX_CAUSES);
  }

  private void pass(Duration time) {
    nanos.addAndGet(time.toNanos());
    channel.advanceTimeBy(time.toNanos(), TimeUnit.NANOSECONDS);
    channel.runScheduledPendingTasks();
  }

  private List<String> lines() {
    return written.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }
}
