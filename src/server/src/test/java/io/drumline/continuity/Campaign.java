package io.drumline.continuity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.core.AppenderBase;
import io.drumline.DrumlineApplication;
import io.drumline.backplane.Revocations;
import io.drumline.backplane.Revocations.Subject;
import io.drumline.continuity.Injections.Injection;
import io.drumline.continuity.Injections.Kind;
import io.drumline.continuity.Injections.When;
import io.drumline.continuity.Load.Clients;
import io.drumline.continuity.Load.Continuity;
import io.drumline.hub.ChannelFaults;
import io.drumline.hub.Hub;
import io.drumline.loop.Periodic;
import io.drumline.loop.PeriodicTask;
import io.drumline.loop.TaskFaults;
import io.drumline.loop.Watchdog;
import io.drumline.process.StartAgain;
import io.drumline.stomp.Expulsions;
import io.drumline.testing.StompClient;
import io.drumline.testing.redis.RedisServer;
import io.drumline.testing.redis.TestRedis;
import io.lettuce.core.KillArgs;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.core.ConditionFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.GenericApplicationContext;

/**
 * Two nodes of one JVM on a Redis of their own, all of whose steps can be made to fail, under a
 * load whose clients check what they get. The first node serves frames itself, with the second all
 * of them pass through an application's interceptor.
 */
final class Campaign implements AutoCloseable {
  static final String TASK = "task ";

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** What is only done when a connection to Redis was lost. */
  private static final Set<String> NEED_A_CUT =
      Set.of(
          TASK + "redis_link",
          TASK + "blocks",
          "Receiver.interrupted",
          "SessionStore.Listener.interrupted",
          "ControlChannel.Listener.missed",
          "Revocations.list");

  private static final Duration CUT_EVERY = Duration.ofSeconds(1);

  /** What is only done when the control plane blocks somebody. */
  private static final Set<String> NEED_A_BLOCK =
      Set.of(
          "Revocations.block",
          "Revocations.lift",
          "Revocations.blocked",
          "Revocations.version",
          "Revocations.lifted",
          "ControlChannel.tell",
          "ControlChannel.Listener.heard");

  /**
   * What the client or the application is told, in an ERROR or an exception, and what Netty tells
   * who asked for it.
   */
  private static final Set<String> TOLD_OTHERWISE =
      Set.of("ChannelInterceptor.preSend", "Revocations.check", "Channel.close");

  /** A task that comes less often is run by the campaign. */
  private static final Duration SELDOM = Duration.ofSeconds(2);

  final Injections injections = new Injections();
  private final RedisServer redis = RedisServer.start();
  private final List<ConfigurableApplicationContext> nodes = new ArrayList<>();
  private final Set<String> logged = ConcurrentHashMap.newKeySet();
  private final Run run;
  private long cut = System.nanoTime() - CUT_EVERY.toNanos();

  Campaign(long seed) {
    nodes.add(start(FailingSeams.class));
    nodes.add(start(FailingSeams.class, FailingSeams.Intercepting.class));
    watchLog();
    nodes.forEach(this::hook);
    Clients clients = new Clients(Continuity.ALL_KINDS, Duration.ofSeconds(3), seed);
    run = Run.start(new Load(nodes.stream().map(Campaign::url).toList(), 48, 8, 200, 100, clients));
    run.awaitLive().publish().visits(4);
  }

  private ConfigurableApplicationContext start(Class<?>... application) {
    String[] properties = {
      "drumline.listener.port=0",
      "server.port=0",
      "drumline.hub.threads=2",
      "drumline.hub.linger=100ms",
      "drumline.backplane=redis",
      "drumline.security.anonymous=true",
      "drumline.node.renewal=300ms",
      "drumline.rebalance.enabled=true",
      "drumline.redis.reconnect-max=200ms",
      "spring.data.redis.url=" + redis.url()
    };
    return new SpringApplicationBuilder(DrumlineApplication.class)
        .sources(application)
        .initializers(
            context ->
                ((GenericApplicationContext) context)
                    .registerBean(Injections.class, () -> injections))
        .run(Stream.of(properties).map(property -> "--" + property).toArray(String[]::new));
  }

  private void watchLog() {
    AppenderBase<ILoggingEvent> appender =
        new AppenderBase<>() {
          @Override
          protected void append(ILoggingEvent event) {
            note(event.getFormattedMessage());
            for (IThrowableProxy e = event.getThrowableProxy(); e != null; e = e.getCause()) {
              note(String.valueOf(e.getMessage()));
            }
          }
        };
    appender.start();
    ((ch.qos.logback.classic.Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME))
        .addAppender(appender);
  }

  private void note(String message) {
    if (message.startsWith("Task ")) {
      logged.add(TASK + message.substring(5)); // its other causes are left out for a while
    }
    int at = message.indexOf("injected: ");
    if (at >= 0) {
      logged.add(message.substring(at));
    }
  }

  private void hook(ConfigurableApplicationContext node) {
    TaskFaults.runBy(
        node.getBean(Periodic.class), (task, work) -> injections.run(TASK + task, work));
    ChannelFaults.in(node.getBean(Hub.class), step -> injections.fail(step, When.INSTEAD));
  }

  /** The steps of both nodes: their tasks, as they are registered now, and those of their seams. */
  Set<String> steps() {
    Set<String> steps = new TreeSet<>(FailingSeams.steps());
    steps.addAll(ChannelFaults.steps());
    tasks().forEach(task -> steps.add(TASK + task));
    return steps;
  }

  Set<String> tasks() {
    return nodes.stream()
        .flatMap(node -> TaskFaults.names(node.getBean(Periodic.class)).stream())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** All that can fail, in whatever way. */
  List<Injection> injections() {
    List<Injection> all = new ArrayList<>();
    for (Kind kind : Kind.values()) {
      for (String step : steps()) {
        for (When when : When.values()) {
          Injection injection = new Injection(step, when, kind);
          if (isPossible(injection)) {
            all.add(injection);
          }
        }
      }
    }
    return all;
  }

  private static boolean isPossible(Injection injection) {
    String step = injection.step();
    return switch (injection.when()) {
      case INSTEAD -> !step.equals(TASK + "application"); // the application's own steps are that
      case AFTER ->
          !ChannelFaults.steps().contains(step)
              && !step.equals(TASK + "timer"); // it is set by then
      case ANSWER ->
          FailingSeams.answering().contains(step)
              && !step.equals("Backplane.subscribe"); // which waits instead, by its contract
    };
  }

  /** Does what the clients alone do not bring about. */
  void stir() {
    run.reconnecting(Duration.ofMillis(40));
    Set<String> armed = injections.armed();
    if (System.nanoTime() - cut > CUT_EVERY.toNanos()
        && armed.stream().anyMatch(NEED_A_CUT::contains)) {
      cut = System.nanoTime();
      TestRedis.with(
          redis.url(),
          connection -> {
            connection.sync().clientKill(KillArgs.Builder.typePubsub());
            return connection.sync().clientKill(KillArgs.Builder.typeNormal().skipme());
          });
    }
    if (armed.stream().anyMatch(NEED_A_BLOCK::contains)) {
      block();
    }
    if (armed.contains(TASK + "startup_log")) {
      nodes.forEach(StartAgain::in);
    }
    for (ConfigurableApplicationContext node : nodes) {
      for (PeriodicTask task : node.getBean(Periodic.class).tasks()) {
        if (task.period().compareTo(SELDOM) > 0 && armed.contains(TASK + task.name())) {
          task.run();
        }
      }
    }
  }

  /** Blocks nobody that is here, as the control plane does. */
  private void block() {
    Subject subject = new Subject(Revocations.Kind.USER, "nobody");
    for (ConfigurableApplicationContext node : nodes) {
      Expulsions expulsions = node.getBean(Expulsions.class);
      try {
        expulsions.block(subject, Duration.ofMinutes(1), "").whenComplete(this::told);
        expulsions.lift(subject).whenComplete(this::told);
      } catch (RuntimeException | Error e) {
        note(String.valueOf(e.getMessage())); // the caller is told
      }
    }
  }

  private void told(Object result, Throwable failure) {
    if (failure != null) {
      note(String.valueOf(failure.getMessage()));
    }
  }

  void awaitFired() {
    await("all have failed")
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(100))
        .until(
            () -> {
              stir();
              return injections.armed();
            },
            Set::isEmpty);
  }

  /** Lets the load go on. */
  void pause(Duration time) {
    run.last(time);
  }

  /** The failures of each task that its nodes have counted. */
  Map<String, Double> counted() {
    Map<String, Double> counted = new HashMap<>();
    for (ConfigurableApplicationContext node : nodes) {
      node.getBean(MeterRegistry.class)
          .find("drumline.task.failures")
          .counters()
          .forEach(
              counter ->
                  counted.merge(
                      String.valueOf(counter.getId().getTag("task")),
                      counter.count(),
                      Double::sum));
    }
    return counted;
  }

  /** The steps whose failures nobody was told of. */
  Set<String> unlogged() {
    Set<String> steps = new TreeSet<>();
    for (String step : steps()) {
      if (!TOLD_OTHERWISE.contains(step)
          && logged.stream().noneMatch(message -> message.contains(step))) {
        steps.add(step);
      }
    }
    return steps;
  }

  /** The tasks whose failures were not all counted. */
  Set<String> uncounted(Map<String, Double> before) {
    Map<String, Double> after = counted();
    Set<String> tasks = new TreeSet<>();
    for (String task : tasks()) {
      double counted = after.getOrDefault(task, 0.0) - before.getOrDefault(task, 0.0);
      if (counted < injections.fired(TASK + task)) {
        tasks.add(task);
      }
    }
    return tasks;
  }

  /** Everything works: the load arrives, all tasks run, a new client is served by each node. */
  Verdict finish() {
    run.awaitLive().awaitAccepted(200);
    Verdict verdict = Verdict.of(run.finish(PATIENCE));
    for (ConfigurableApplicationContext node : nodes) {
      runsAllTasks(node);
      assertThat(health(node)).isEqualTo(200);
      assertThat(node.getBean(Watchdog.class).live()).isTrue();
    }
    servesNewClients();
    return verdict;
  }

  private static void runsAllTasks(ConfigurableApplicationContext node) {
    Map<PeriodicTask, Long> before = new HashMap<>();
    for (PeriodicTask task : node.getBean(Periodic.class).tasks()) {
      if (task.period().compareTo(SELDOM) <= 0) {
        before.put(task, task.runs());
      }
    }
    patiently()
        .untilAsserted(
            () ->
                assertThat(before.entrySet())
                    .allMatch(entry -> entry.getKey().runs() > entry.getValue()));
  }

  private void servesNewClients() {
    List<StompClient> clients = nodes.stream().map(Campaign::client).toList();
    String destination = "/topic/new/" + System.nanoTime();
    clients.forEach(client -> client.subscribe("s", destination, "resume-after:*"));
    for (StompClient publisher : clients) {
      publisher.publish(destination, "one");
      clients.forEach(client -> client.expectMessage("one"));
    }
    clients.forEach(StompClient::close);
  }

  private static StompClient client(ConfigurableApplicationContext node) {
    return StompClient.open(url(node).getPort(), StompClient.Carriage.TEXT, "v12.stomp")
        .connect("1.2");
  }

  private static URI url(ConfigurableApplicationContext node) {
    String port = node.getEnvironment().getRequiredProperty("local.drumline.listener.port");
    return URI.create("ws://127.0.0.1:" + port + "/ws");
  }

  private static int health(ConfigurableApplicationContext node) {
    URI uri = URI.create("http://127.0.0.1:" + url(node).getPort() + "/healthz");
    try {
      return HttpClient.newHttpClient()
          .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.discarding())
          .statusCode();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static ConditionFactory patiently() {
    return await().atMost(PATIENCE).pollInterval(Duration.ofMillis(50));
  }

  @Override
  public void close() {
    nodes.forEach(node -> TaskFaults.end(node.getBean(Periodic.class)));
    run.close();
    nodes.forEach(ConfigurableApplicationContext::close);
    redis.close();
  }
}
