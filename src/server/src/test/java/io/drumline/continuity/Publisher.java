package io.drumline.continuity;

import io.drumline.continuity.Evidence.Lane;
import io.drumline.continuity.Link.Route;
import io.netty.channel.EventLoop;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A publisher that knows what became of its messages: one at a time to each destination, the same
 * id again and again, over whatever connection, until the RECEIPT comes. One without ids does not
 * know of those whose RECEIPT was lost, and goes on with the next. On the event loop only.
 */
final class Publisher implements Link.Owner {
  /** How long a RECEIPT may take before the connection is given up. */
  private static final long RECEIPT_NANOS = TimeUnit.SECONDS.toNanos(5);

  private static final long LOOK_MILLIS = 250;

  private final String name;
  private final List<OpenLane> lanes;
  private final EventLoop loop;
  private final Load load;
  private final Repeats repeats;
  private final Reconnect reconnect;
  private @Nullable Link link;
  private @Nullable Future<?> looking;
  private boolean connected;
  private boolean over;

  /** Whether what had no RECEIPT is sent again, with the same id. */
  enum Repeats {
    SAME_ID,
    NEVER
  }

  /** A {@link Lane} that grows. */
  private static final class OpenLane {
    final String destination;
    final Set<Long> retried = new HashSet<>();
    final Set<Long> unknown = new HashSet<>();
    long sent;
    long accepted;
    long writtenAt;
    boolean written;

    OpenLane(String destination) {
      this.destination = destination;
    }

    boolean busy() {
      return sent > accepted && !unknown.contains(sent);
    }
  }

  /**
   * @param destinations each becomes a lane, numbered from 0
   */
  Publisher(
      String name,
      List<String> destinations,
      EventLoop loop,
      Load load,
      Repeats repeats,
      Reconnect reconnect) {
    this.name = name;
    this.lanes = destinations.stream().map(OpenLane::new).toList();
    this.loop = loop;
    this.load = load;
    this.repeats = repeats;
    this.reconnect = reconnect;
  }

  void start() {
    looking = loop.scheduleAtFixedRate(this::look, LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
    connect();
  }

  private void connect() {
    if (!over) {
      link = Link.open(loop, Route.to(reconnect.url()), load.clients().silence(), this);
    }
  }

  void close() {
    over = true;
    if (looking != null) {
      looking.cancel(false);
    }
    if (link != null) {
      link.close();
    }
  }

  /** Sends the next message of a lane; returns false where the one before is not accepted yet. */
  boolean publish(int number) {
    OpenLane lane = lanes.get(number);
    if (lane.busy()) {
      return false;
    }
    lane.sent++;
    lane.written = false;
    if (connected) {
      write(number);
    }
    return true;
  }

  private void write(int number) {
    OpenLane lane = lanes.get(number);
    if (lane.written) {
      lane.retried.add(lane.sent);
    }
    lane.written = true;
    lane.writtenAt = System.nanoTime();
    if (link != null) {
      String id =
          repeats == Repeats.SAME_ID ? "\nid:%s-%s-%s".formatted(name, number, lane.sent) : "";
      link.write(
          "SEND\ndestination:%s%s\nreceipt:%s-%s"
              .formatted(lane.destination, id, number, lane.sent),
          new Content(lane.destination, name, lane.sent).body(load.bodySize()));
    }
  }

  @Override
  public void connected(Frame frame) {
    connected = true;
    reconnect.succeeded();
    for (int number = 0; number < lanes.size(); number++) {
      if (lanes.get(number).busy()) {
        write(number);
      }
    }
  }

  @Override
  public void received(Frame frame) {
    if (!frame.command().equals("RECEIPT")) {
      throw new IllegalArgumentException("An unknown frame: " + frame);
    }
    String[] receipt = frame.header("receipt-id").split("-", 2);
    OpenLane lane = lanes.get(Integer.parseInt(receipt[0]));
    if (Long.parseLong(receipt[1]) == lane.sent) {
      lane.accepted = lane.sent;
    }
  }

  /** Gives the connection up where a RECEIPT is overdue. */
  private void look() {
    long now = System.nanoTime();
    if (connected
        && link != null
        && lanes.stream().anyMatch(lane -> lane.busy() && now - lane.writtenAt > RECEIPT_NANOS)) {
      link.close();
      lost("no RECEIPT came in time");
    }
  }

  @Override
  public void lost(String why) {
    connected = false;
    link = null;
    if (repeats == Repeats.NEVER) {
      lanes.stream()
          .filter(lane -> lane.busy() && lane.written)
          .forEach(lane -> lane.unknown.add(lane.sent));
    }
    loop.schedule(this::connect, reconnect.failed(), TimeUnit.MILLISECONDS);
  }

  /** Whether nothing waits for its RECEIPT. */
  boolean quiet() {
    return lanes.stream().noneMatch(OpenLane::busy);
  }

  /** How many messages had their RECEIPT. */
  long accepted() {
    return lanes.stream().mapToLong(lane -> lane.accepted - lane.unknown.size()).sum();
  }

  String name() {
    return name;
  }

  int lanes() {
    return lanes.size();
  }

  String destination(int lane) {
    return lanes.get(lane).destination;
  }

  /** A lane as it is now. */
  Lane lane(int number) {
    OpenLane lane = lanes.get(number);
    return new Lane(
        name, lane.sent, lane.accepted, Set.copyOf(lane.retried), Set.copyOf(lane.unknown));
  }
}
