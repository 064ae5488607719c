package io.drumline.redis;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.drumline.backplane.Inbox;
import io.drumline.backplane.MessageIds;
import io.drumline.backplane.Retention;
import io.drumline.backplane.Retentions;
import io.drumline.message.Destination;
import io.drumline.message.Draft;
import io.drumline.redis.command.RedisScript;
import io.drumline.redis.format.Envelope;
import io.drumline.redis.format.RedisKeys;
import io.drumline.testing.redis.TestRedis;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Publishes with history through the backplane, and has {@code redis-benchmark} call the same
 * script with arguments of the same sizes and as many in flight; prints pairs of rates. Arguments:
 * port of a Redis on this machine, messages, bytes of a body, how many are in flight.
 */
final class PublishBenchmark {
  private static final int PAIRS = 3;
  private static final int WARM_UPS = 5;
  private static final Pattern RATE = Pattern.compile("([0-9.]+) requests per second");
  private static final Destination TOPIC = Destination.parse("/topic/benchmark");

  private final String port;
  private final int messages;
  private final byte[] body;
  private final int inFlight;

  private PublishBenchmark(String port, int messages, int bytes, int inFlight) {
    this.port = port;
    this.messages = messages;
    this.body = "x".repeat(bytes).getBytes(UTF_8);
    this.inFlight = inFlight;
  }

  public static void main(String[] args) throws Exception {
    new PublishBenchmark(
            args[0],
            Integer.parseInt(args[1]),
            Integer.parseInt(args[2]),
            Integer.parseInt(args[3]))
        .run();
  }

  private void run() throws Exception {
    RedisBackplane backplane =
        Backplanes.patient(url(), new SimpleMeterRegistry(), Retentions.DEFAULTS);
    backplane.start(new Inbox());
    while (!backplane.available()) {
      Thread.onSpinWait();
    }
    for (int i = 0; i < WARM_UPS; i++) {
      throughBackplane(backplane);
    }
    for (int i = 0; i < PAIRS; i++) {
      double plain = throughRedisBenchmark();
      double rate = throughBackplane(backplane);
      System.out.printf(
          Locale.ROOT,
          "redis-benchmark %.0f/s  backplane %.0f/s  ratio %.2f%n",
          plain,
          rate,
          rate / plain);
    }
    backplane.close();
  }

  private String url() {
    return "redis://127.0.0.1:" + port;
  }

  private double throughBackplane(RedisBackplane backplane) throws InterruptedException {
    forget();
    Semaphore free = new Semaphore(inFlight);
    long begun = System.nanoTime();
    for (int i = 0; i < messages; i++) {
      free.acquire();
      backplane
          .publish(new Draft(TOPIC, new byte[0], body))
          .whenComplete(
              (id, failure) -> {
                if (failure != null) {
                  throw new IllegalStateException(failure);
                }
                free.release();
              });
    }
    free.acquire(inFlight);
    return rate(begun);
  }

  private double rate(long begun) {
    return messages * (double) TimeUnit.SECONDS.toNanos(1) / (System.nanoTime() - begun);
  }

  private double throughRedisBenchmark() throws IOException {
    forget();
    RedisScript script = RedisScript.load("publish.lua");
    TestRedis.with(url(), connection -> connection.sync().scriptLoad(script.source()));
    RedisKeys keys = new RedisKeys("drumline:");
    MessageIds ids = new MessageIds();
    Retention retention = Retentions.DEFAULTS.of(TOPIC);
    String id = ids.next() + "00";
    List<String> command = new ArrayList<>();
    command.addAll(List.of("redis-benchmark", "-p", port, "-q", "-n", "" + messages));
    command.addAll(List.of("-c", "1", "-P", "" + inFlight, "EVALSHA", script.sha1(), "2"));
    command.addAll(List.of(keys.meta(TOPIC), keys.stream(TOPIC)));
    command.addAll(List.of(ids.newEpoch(TOPIC), id));
    command.add("x".repeat(Envelope.tail(new Draft(TOPIC, new byte[0], body), id, 0).length));
    command.addAll(List.of("" + retention.messages(), "" + retention.bytes()));
    command.add("" + retention.age().toMillis());
    // The same number each time would be refused; this one is not behind itself.
    command.addAll(List.of("p:" + ids.incarnation(), "nan", ""));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    Matcher matcher = RATE.matcher(new String(process.getInputStream().readAllBytes(), UTF_8));
    if (!matcher.find()) {
      throw new IllegalStateException("redis-benchmark said no rate.");
    }
    return Double.parseDouble(matcher.group(1));
  }

  private void forget() {
    RedisKeys keys = new RedisKeys("drumline:");
    TestRedis.with(
        url(), connection -> connection.sync().del(keys.meta(TOPIC), keys.stream(TOPIC)));
  }
}
