package io.drumline.continuity;

import io.drumline.continuity.Event.Lost;
import io.drumline.continuity.Event.Notice;
import io.drumline.continuity.Event.Received;
import io.drumline.continuity.Event.Resumed;
import io.drumline.continuity.Evidence.Log;
import io.drumline.continuity.Evidence.Until;
import io.drumline.continuity.Link.Route;
import io.drumline.continuity.Load.Clients;
import io.drumline.continuity.Load.Continuity;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A subscriber with continuity: keeps its position, comes back to another node when it loses one,
 * and logs all that it sees. On the event loop only.
 */
final class Subscriber implements Link.Owner {
  private static final String SUBSCRIPTION = "sub-0";

  private final String name;
  private final String destination;
  private final EventLoop loop;
  private final Clients clients;
  private final Reconnect reconnect;
  private final Supplier<Map<String, Long>> sent;

  private final List<Event> events = new ArrayList<>();

  /** What it saw on earlier connections, where each is a subscription of its own. */
  private final List<Log> earlier = new ArrayList<>();

  private final Map<String, Long> last = new HashMap<>();
  private final Set<String> seen = new HashSet<>();
  private @Nullable Map<String, Long> before;
  private String position = "*";
  private long received;
  private long lostAt;
  private boolean live;
  private boolean over;
  private Until until = Until.THE_QUIET_END;
  private @Nullable Link link;

  /**
   * @param sent tells how many messages each publisher has begun to send to the destination
   */
  Subscriber(
      String name,
      String destination,
      EventLoop loop,
      Clients clients,
      Reconnect reconnect,
      Supplier<Map<String, Long>> sent) {
    this.name = name;
    this.destination = destination;
    this.loop = loop;
    this.clients = clients;
    this.reconnect = reconnect;
    this.sent = sent;
  }

  /** It will leave one day. */
  void visit() {
    until = Until.IT_LEFT;
  }

  void connect() {
    if (!over) {
      link = Link.open(loop, Route.to(reconnect.url()), clients.silence(), this);
    }
  }

  /** Goes without a word, for good. */
  void leave() {
    over = true;
    live = false;
    if (link != null) {
      link.close();
    }
  }

  /** Loses its connection, and comes back. */
  void drop() {
    if (link != null && live) {
      link.close();
      lost("dropped");
    }
  }

  @Override
  public String connectHeaders() {
    return shared() ? "\nclient-id:" + (name + destination).replace('/', '-') : "";
  }

  /** Whether nothing is due to it while it is away. */
  private boolean forgoes() {
    return clients.continuity() == Continuity.WHILE_CONNECTED;
  }

  private boolean shared() {
    return clients.continuity() == Continuity.SHARED;
  }

  @Override
  public void connected(Frame frame) {
    if (before != null && frame.header("session-resumed").equals("false")) {
      events.add(Notice.FORGOTTEN);
    }
    String resume = clients.continuity() == Continuity.RESUMING ? "\nresume-after:" + position : "";
    write("SUBSCRIBE\nid:" + SUBSCRIPTION + "\nreceipt:live\ndestination:" + destination + resume);
  }

  private void write(String head) {
    if (link != null) {
      link.write(head, "");
    }
  }

  @Override
  public void received(Frame frame) {
    switch (frame.command()) {
      case "RECEIPT" -> confirmed(frame);
      case "MESSAGE" -> message(frame);
      default -> throw new IllegalArgumentException("An unknown frame: " + frame);
    }
  }

  private void confirmed(Frame receipt) {
    live = true;
    reconnect.succeeded();
    if (position.equals("*") && !receipt.header("position").isEmpty()) {
      position = receipt.header("position");
    }
    if (before == null) {
      before = sent.get();
      if (forgoes()) {
        last.putAll(before); // what it has missed comes no more
      }
    } else {
      Duration away = Duration.ofNanos(System.nanoTime() - lostAt);
      events.add(new Resumed(away, receipt.header("recovered")));
    }
    lostAt = 0;
  }

  private void message(Frame message) {
    position = message.header("message-id");
    if (message.header("drumline-event").equals("gap")) {
      String missed = message.header("drumline-missed");
      events.add(new Notice(position, message.header("drumline-reason"), missed));
      return;
    }
    if (shared() && !seen.add(position)) {
      return; // a shared session repeats some: at least once
    }
    boolean ours = message.header("subscription").equals(SUBSCRIPTION);
    Content content = Content.parse(message.body());
    events.add(new Received(position, ours ? message.header("destination") : "", content));
    last.merge(content.publisher(), content.sequence(), Math::max);
    received++;
  }

  @Override
  public void lost(String why) {
    link = null;
    if (live) {
      events.add(new Lost(System.nanoTime(), why));
    }
    live = false;
    if (forgoes() && before != null) {
      earlier.add(new Log(name, destination, before, List.copyOf(events), Until.IT_LEFT));
      events.clear();
      before = null;
    }
    if (lostAt == 0) {
      lostAt = System.nanoTime();
    }
    loop.schedule(this::connect, reconnect.failed(), TimeUnit.MILLISECONDS);
  }

  /** Whether its subscription is confirmed now. */
  boolean live() {
    return live;
  }

  /** How many messages it has seen. */
  long received() {
    return received;
  }

  boolean stays() {
    return until == Until.THE_QUIET_END;
  }

  String destination() {
    return destination;
  }

  /** Whether it has seen each publisher's last accepted message, or a later one. */
  boolean hasSeen(Map<String, Long> accepted) {
    return accepted.entrySet().stream()
        .allMatch(entry -> last.getOrDefault(entry.getKey(), 0L) >= entry.getValue());
  }

  /** What it saw, subscription by subscription; empty if no RECEIPT ever came. */
  List<Log> logs() {
    List<Log> logs = new ArrayList<>(earlier);
    if (before != null) {
      logs.add(new Log(name, destination, before, List.copyOf(events), until));
    }
    return logs;
  }
}
