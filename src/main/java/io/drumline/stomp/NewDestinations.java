package io.drumline.stomp;

import io.drumline.message.CloseCode;
import io.drumline.security.Limit;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.security.SecureRandom;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Bounds how many destinations clients may invent: each takes keys in Redis for a day or more. A
 * destination is new if no client of this node has used it within the window; whoever uses it first
 * pays for it, as a connection, as a user and for the node. Those that are known can always be
 * used.
 *
 * <p>Takes 16 to 48 bytes a destination, however long its name is. Time goes in halves of the
 * window, so that what is remembered or paid is for between half of it and all of it.
 *
 * <p>Thread safe; locks are held for well under a microsecond.
 */
final class NewDestinations {
  private static final int STRIPES = 16;

  /** What clients without a name may take of the node's destinations, all together. */
  private static final int ANONYMOUS_SHARE = 2;

  private static final String ANONYMOUS = "";

  private final StompProperties.NewDestinations limits;
  private final LongSupplier nanos;
  private final long began;
  private final StringHash hash = new StringHash(new SecureRandom());
  private final Stripe[] stripes = new Stripe[STRIPES];
  private final AtomicLong known = new AtomicLong();

  /** Users who have paid in this half of the window, and in the one before. */
  private volatile Map<String, Paid> users = new ConcurrentHashMap<>();

  private volatile Map<String, Paid> usersBefore = Map.of();
  private volatile long half;

  NewDestinations(
      StompProperties.NewDestinations limits, LongSupplier nanos, MeterRegistry registry) {
    this.limits = limits;
    this.nanos = nanos;
    this.began = nanos.getAsLong();
    for (int i = 0; i < STRIPES; i++) {
      stripes[i] = new Stripe();
    }
    Gauge.builder("drumline.destinations.recent", known, AtomicLong::get)
        .description("Destinations with history that clients of this node have used lately")
        .register(registry);
    Gauge.builder("drumline.destinations.recent.limit", limits::perNode)
        .description("How many of them there may be (drumline.stomp.new-destinations.per-node)")
        .register(registry);
  }

  /**
   * A client uses a destination.
   *
   * @param connection what the client's connection has paid
   * @param user null for one without a name
   * @throws StompException if it is new, and one more than may be
   */
  void use(Paid connection, @Nullable String user, String destination) {
    long at = (nanos.getAsLong() - began) / (limits.window().toNanos() / 2);
    if (half < at) {
      turn(at);
    }
    long value = hash.of(destination);
    Stripe stripe = stripes[(int) (value >>> 60)];
    if (stripe.knows(value, at)) {
      return;
    }
    Paid owner = owner(user == null ? ANONYMOUS : user);
    int mostOfOwner = user == null ? limits.perNode() / ANONYMOUS_SHARE : limits.perUser();
    if (limits.perNode() > 0 && known.get() >= limits.perNode()) {
      throw exceeded(
          Limit.NODE_DESTINATIONS,
          "The clients of this server have used too many new destinations: try again later.",
          CloseCode.TRY_AGAIN_LATER);
    }
    if (limits.perConnection() > 0 && connection.paid(at) >= limits.perConnection()) {
      throw exceeded(
          Limit.CONNECTION_DESTINATIONS,
          "You have used too many new destinations: at most %d a connection in %d minutes."
              .formatted(limits.perConnection(), limits.window().toMinutes()),
          CloseCode.TOO_FAST);
    }
    if (mostOfOwner > 0 && owner.paid(at) >= mostOfOwner) {
      throw exceeded(
          Limit.USER_DESTINATIONS,
          "You have used too many new destinations: at most %d a user in %d minutes."
              .formatted(mostOfOwner, limits.window().toMinutes()),
          CloseCode.TOO_FAST);
    }
    connection.pay(at);
    owner.pay(at);
    stripe.add(value, at);
  }

  private static StompException exceeded(Limit limit, String sentence, CloseCode code) {
    return StompException.exceeds(limit, sentence, null, code);
  }

  private Paid owner(String user) {
    Map<String, Paid> before = usersBefore;
    return users.computeIfAbsent(user, name -> before.getOrDefault(name, new Paid()));
  }

  /** What is older than the window is dropped as a whole: nothing walks through it. */
  private synchronized void turn(long at) {
    if (half < at) {
      usersBefore = half + 1 == at ? users : Map.of();
      users = new ConcurrentHashMap<>();
      half = at;
      for (Stripe stripe : stripes) {
        stripe.turnTo(at);
      }
    }
  }

  /** How many new destinations a connection or a user has used within the window. */
  static final class Paid {
    private long half;
    private int now;
    private int before;

    private void pay(long at) {
      synchronized (this) {
        turn(at);
        now++;
      }
    }

    private int paid(long at) {
      synchronized (this) {
        turn(at);
        return now + before;
      }
    }

    private void turn(long at) {
      if (at > half) {
        before = at == half + 1 ? now : 0;
        now = 0;
        half = at;
      }
    }
  }

  /** Some of the destinations, told apart by their hashes. */
  private final class Stripe {
    private long half;
    private LongSet now = new LongSet();
    private LongSet before = new LongSet();

    /** How many of those before are among those of now, too. */
    private int both;

    synchronized boolean knows(long value, long at) {
      turn(at);
      if (now.contains(value)) {
        return true;
      }
      if (!before.contains(value)) {
        return false;
      }
      now.add(value);
      both++;
      return true;
    }

    synchronized void add(long value, long at) {
      turn(at);
      if (now.add(value)) {
        known.incrementAndGet();
      }
    }

    synchronized void turnTo(long at) {
      turn(at);
    }

    private void turn(long at) {
      while (half < at) {
        known.addAndGet(both - before.size());
        before = now;
        both = 0;
        now = new LongSet();
        half = before.size() == 0 ? at : half + 1;
      }
    }
  }
}
