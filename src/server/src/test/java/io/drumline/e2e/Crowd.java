package io.drumline.e2e;

import static org.awaitility.Awaitility.await;

import io.drumline.continuity.Frame;
import io.drumline.continuity.Link;
import io.drumline.continuity.Link.Route;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.handler.ssl.SslContext;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Clients who all listen to one destination of their own, each from an address of the test's
 * choice. They do not come back by themselves. For one thread.
 */
final class Crowd implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int VISITORS = 20;

  private final EventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final String destination = "/topic/crowd/" + UUID.randomUUID();
  private final URI url;
  private final @Nullable SslContext tls;
  private final List<Guest> guests = new ArrayList<>();

  Crowd(URI url) {
    this(url, null);
  }

  /** Behind this balancer, by TLS if it speaks that. */
  Crowd(Balancer balancer) {
    this(balancer.url(), balancer.trust());
  }

  /** By TLS, where clients are to trust something. */
  Crowd(URI url, @Nullable SslContext tls) {
    this.url = url;
    this.tls = tls;
  }

  /** Lets a small crowd come and go again; hands back at which nodes it was. All must get in. */
  static Set<String> visit(Balancer balancer, IntFunction<String> addresses) {
    try (Crowd crowd = new Crowd(balancer)) {
      crowd.join(VISITORS, addresses);
      return crowd.byNode().keySet();
    }
  }

  /** Waits until such a crowd is at all of these nodes. */
  static void awaitVisits(
      List<NodeProcess> nodes, Balancer balancer, IntFunction<String> addresses) {
    List<String> ids = nodes.stream().map(NodeProcess::id).toList();
    await(ids + " get clients from " + balancer)
        .atMost(Duration.ofMinutes(1))
        .ignoreExceptions()
        .until(() -> visit(balancer, addresses).containsAll(ids));
  }

  /** One client. */
  final class Guest implements Link.Owner {
    private final CompletableFuture<Guest> there = new CompletableFuture<>();
    private final AtomicInteger heard = new AtomicInteger();
    private final String address;
    private volatile String node = "";
    private volatile String lost = "";
    private Link link;

    private Guest(String address) {
      this.address = address;
    }

    @Override
    public void connected(Frame connected) {
      node = connected.header("node");
      link.write("SUBSCRIBE\nid:s\nreceipt:s\ndestination:" + destination, "");
    }

    @Override
    public void received(Frame frame) {
      if (frame.command().equals("MESSAGE")) {
        heard.incrementAndGet();
      } else {
        there.complete(this);
      }
    }

    @Override
    public void lost(String why) {
      lost = why;
      there.completeExceptionally(new IllegalStateException(why));
    }

    /** Whence it came. */
    String address() {
      return address;
    }

    /** Which node it is at. */
    String node() {
      return node;
    }

    /** Publishes to all. */
    void say(String body) {
      link.write("SEND\ndestination:" + destination, body);
    }

    void leave() {
      link.close();
      guests.remove(this);
    }
  }

  /** Lets one come who says that it speaks for somebody else; completes when it listens. */
  private CompletableFuture<Guest> coming(String address) {
    Guest guest = new Guest(address);
    Map<String, String> headers = Map.of("X-Forwarded-For", "198.51.100." + guests.size() % 250);
    guests.add(guest);
    try {
      Route route = new Route(url, InetAddress.getByName(address), headers, tls);
      // Assigned on the loop, where it is used.
      group.execute(() -> guest.link = Link.open(group.next(), route, PATIENCE, guest));
    } catch (UnknownHostException e) {
      throw new AssertionError("No address: " + address, e);
    }
    return guest.there.orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  /** Lets so many come, all at once; hands them back when they all listen. */
  List<Guest> join(int count, IntFunction<String> addresses) {
    return IntStream.range(0, count).mapToObj(addresses).map(this::coming).toList().stream()
        .map(CompletableFuture::join)
        .toList();
  }

  /** Lets so many try; hands back why those who did not get in did not. */
  List<String> refused(int count, IntFunction<String> addresses) {
    List<String> reasons =
        IntStream.range(0, count)
            .mapToObj(addresses)
            .map(address -> coming(address).handle((guest, why) -> why == null ? "" : why + ""))
            .toList()
            .stream()
            .map(CompletableFuture::join)
            .filter(why -> !why.isEmpty())
            .toList();
    guests.removeIf(guest -> !guest.lost.isEmpty());
    return reasons;
  }

  /** How many are at each node. */
  Map<String, Long> byNode() {
    return guests.stream().collect(Collectors.groupingBy(Guest::node, Collectors.counting()));
  }

  /** Whoever is at this node. */
  List<Guest> at(NodeProcess node) {
    return guests.stream().filter(guest -> guest.node.equals(node.id())).toList();
  }

  void leaveAll() {
    List.copyOf(guests).forEach(Guest::leave);
  }

  /** Waits until all have heard so much, and finds that nobody was lost. */
  void awaitHeard(int messages) {
    await("all have heard " + messages)
        .atMost(PATIENCE)
        .until(() -> guests.stream().allMatch(guest -> guest.heard.get() == messages));
    awaitNobodyLost();
  }

  private void awaitNobodyLost() {
    List<String> losses =
        guests.stream().map(guest -> guest.lost).filter(why -> !why.isEmpty()).toList();
    if (!losses.isEmpty()) {
      throw new AssertionError(losses.size() + " are lost: " + losses.get(0));
    }
  }

  @Override
  public void close() {
    leaveAll();
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly();
  }
}
