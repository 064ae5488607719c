package io.drumline.stomp.access;

import io.drumline.loop.ThrottledLog;
import io.drumline.message.CloseCode;
import io.drumline.security.Limit;
import io.drumline.stomp.codec.StompException;
import io.drumline.stomp.settings.StompProperties;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.security.SecureRandom;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Limits the new destinations that clients use: each takes keys in Redis for a day or more. A
 * destination is new if no client of this node has used it within the window; the first use counts
 * for the connection, the user and the node. Known destinations can always be used.
 *
 * <p>Takes at most 48 bytes a destination and about 100 a user, regardless of the length of names.
 * The window advances by halves, so that a use is remembered for between half of it and all of it.
 *
 * <p>Thread-safe. Locks are held for well under a microsecond, except when a set grows: tens of
 * microseconds with a million destinations.
 */
public final class NewDestinations {
  /** Enough stripes that each copies little when it grows; a power of two. */
  private static final int STRIPES = 256;

  /** Selects the stripe by the highest bits of a hash; the sets use the lowest. */
  private static final int STRIPE_SHIFT = Long.SIZE - Integer.numberOfTrailingZeros(STRIPES);

  /** Divisor of the node's limit for all clients without a name together. */
  private static final int ANONYMOUS_SHARE = 2;

  private final StompProperties.NewDestinations limits;
  private final Set<String> exemptUsers;
  private final LongSupplier nanos;
  private final long began;
  private final StringHash hash = new StringHash(new SecureRandom());
  private final Stripe[] stripes = new Stripe[STRIPES];
  private final AtomicLong known = new AtomicLong();
  private final Uses anonymous = new Uses();
  private final ThrottledLog log = new ThrottledLog(LoggerFactory.getLogger(NewDestinations.class));

  /** Uses in this half of the window and in the one before, by hash of the user name. */
  private volatile Map<Long, Uses> users = new ConcurrentHashMap<>();

  private volatile Map<Long, Uses> usersBefore = Map.of();
  private volatile long half;

  public NewDestinations(
      StompProperties.NewDestinations limits, LongSupplier nanos, MeterRegistry registry) {
    this.limits = limits;
    this.exemptUsers = Set.copyOf(limits.exemptUsers());
    this.nanos = nanos;
    this.began = nanos.getAsLong();
    for (int i = 0; i < STRIPES; i++) {
      stripes[i] = new Stripe();
    }
    Gauge.builder("drumline.destinations.recent", this, NewDestinations::recent)
        .description("Destinations with history that clients of this node have used lately")
        .register(registry);
    Gauge.builder("drumline.destinations.recent.limit", limits::perNode)
        .description("How many of them there may be (drumline.stomp.new-destinations.per-node)")
        .register(registry);
  }

  /**
   * Counts the use of a destination.
   *
   * @param connection the uses of the client's connection
   * @param user null for a client without a name
   * @throws StompException if the destination is new and beyond a limit
   */
  void use(Uses connection, @Nullable String user, String destination) {
    long at = currentHalf();
    long value = hash.of(destination);
    Stripe stripe = stripes[(int) (value >>> STRIPE_SHIFT)];
    if (stripe.knows(value, at)) {
      return;
    }
    checkNode(user, at);
    if (user != null && exemptUsers.contains(user)) {
      stripe.add(value, at);
      return;
    }
    checkConnection(connection, at);
    if (user == null) {
      anonymous.add(at);
    } else if (limits.perUser() > 0) {
      addForUser(user, at);
    }
    connection.add(at);
    stripe.add(value, at);
  }

  private long currentHalf() {
    long at = (nanos.getAsLong() - began) / (limits.window().toNanos() / 2);
    if (half < at) {
      turn(at);
    }
    return at;
  }

  private long recent() {
    currentHalf();
    return known.get();
  }

  private void checkNode(@Nullable String user, long at) {
    int most = limits.perNode();
    if (most == 0) {
      return;
    }
    if (known.get() >= most) {
      log.warn(
          "node",
          "Clients used {} destinations within {}: new ones are refused"
              + " (drumline.stomp.new-destinations.per-node).",
          most,
          window());
      throw exceeded(
          Limit.NODE_DESTINATIONS,
          "The clients of this server have used too many new destinations: try again later.",
          CloseCode.TRY_AGAIN_LATER);
    }
    if (user == null && anonymous.count(at) >= most / ANONYMOUS_SHARE) {
      log.warn(
          "anonymous",
          "Clients without a name used {} new destinations within {}, half of what"
              + " drumline.stomp.new-destinations.per-node allows: theirs are refused.",
          most / ANONYMOUS_SHARE,
          window());
      throw exceeded(
          Limit.NODE_DESTINATIONS,
          "The clients of this server that did not log in have used too many new destinations:"
              + " log in, or try again later.",
          CloseCode.TRY_AGAIN_LATER);
    }
  }

  private void checkConnection(Uses connection, long at) {
    int most = limits.perConnection();
    if (most > 0 && connection.count(at) >= most) {
      throw exceeded(
          Limit.CONNECTION_DESTINATIONS,
          "You have used too many new destinations: at most %d a connection within %s (%s)."
              .formatted(most, window(), "drumline.stomp.new-destinations.per-connection"),
          CloseCode.TOO_FAST);
    }
  }

  private void addForUser(String user, long at) {
    int most = limits.perUser();
    Map<Long, Uses> before = usersBefore;
    Uses uses =
        users.computeIfAbsent(
            hash.of(user),
            key -> {
              Uses earlier = before.get(key);
              return earlier == null ? new Uses() : earlier;
            });
    if (uses.count(at) >= most) {
      throw exceeded(
          Limit.USER_DESTINATIONS,
          "You have used too many new destinations: at most %d a user within %s (%s)."
              .formatted(most, window(), "drumline.stomp.new-destinations.per-user"),
          CloseCode.TOO_FAST);
    }
    uses.add(at);
  }

  /** The number of users counted in this half of the window. */
  int countedUsers() {
    return users.size();
  }

  private String window() {
    long minutes = limits.window().toMinutes();
    return minutes > 1 ? minutes + " minutes" : limits.window().toSeconds() + " s";
  }

  private static StompException exceeded(Limit limit, String sentence, CloseCode code) {
    return StompException.exceeds(limit, sentence, null, code);
  }

  /** Drops the older half as a whole, without iterating over it. */
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

  /** The number of new destinations that a connection or a user has used within the window. */
  static final class Uses {
    private long half;
    private int now;
    private int before;

    private synchronized void add(long at) {
      turn(at);
      now++;
    }

    private synchronized int count(long at) {
      turn(at);
      return now + before;
    }

    private void turn(long at) {
      if (at > half) {
        before = at == half + 1 ? now : 0;
        now = 0;
        half = at;
      }
    }
  }

  /** A part of the destinations, by hash. */
  private final class Stripe {
    private long half;
    private LongSet now = new LongSet();
    private LongSet before = new LongSet();

    /** The number of destinations in both sets. */
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
