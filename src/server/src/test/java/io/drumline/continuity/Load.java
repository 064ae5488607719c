package io.drumline.continuity;

import java.net.URI;
import java.time.Duration;
import java.util.List;

/**
 * What a run puts on a cluster. Each subscriber has one destination; they are spread evenly over
 * destinations and URLs.
 *
 * @param urls of the nodes' WebSocket endpoints
 * @param rate messages a second, over all destinations
 * @param bodySize least bytes of a body
 * @param ids which publishers' messages have one
 */
public record Load(
    List<URI> urls,
    int subscribers,
    int destinations,
    int rate,
    int bodySize,
    Clients clients,
    Ids ids) {

  /** Which publishers give their messages an {@code id}, and so may send one again. */
  public enum Ids {
    ALL,
    /** Every other publisher has none, and never knows what became of what had no RECEIPT. */
    HALF
  }

  /** The same, where all publishers' messages have an id. */
  public Load(
      List<URI> urls, int subscribers, int destinations, int rate, int bodySize, Clients clients) {
    this(urls, subscribers, destinations, rate, bodySize, clients, Ids.ALL);
  }

  /** Whether subscriptions ask for continuity. */
  public enum Continuity {
    /** {@code resume-after}: a new connection goes on behind the last message. */
    RESUMING,
    /** {@code client-id}: the cluster remembers where a client is. */
    SHARED,
    /** Half of the clients {@link #RESUMING}, half {@link #SHARED}. */
    RESUMING_OR_SHARED,
    /** A third {@link #RESUMING}, a third {@link #SHARED}, a third {@link #WHILE_CONNECTED}. */
    ALL_KINDS,
    /** Plain STOMP: nothing is due while a client is away. */
    WHILE_CONNECTED,
    /** Plain STOMP: what is published while a client is away is missing. */
    PLAIN
  }

  /**
   * How the clients behave.
   *
   * @param silence after which they give a server up
   * @param longest the same of every tenth
   * @param seed of all that is random in them
   */
  public record Clients(Continuity continuity, Duration silence, Duration longest, long seed) {

    /** Clients that all have the same patience. */
    Clients(Continuity continuity, Duration silence, long seed) {
      this(continuity, silence, silence, seed);
    }

    public static Clients resuming() {
      return new Clients(Continuity.RESUMING, Duration.ofSeconds(3), System.nanoTime());
    }

    /** Every tenth stays with a silent server. */
    Clients someOfThemPatient() {
      return new Clients(continuity, silence, Duration.ofMinutes(2), seed);
    }

    /** Half of them have shared sessions. */
    public Clients someOfThemShared() {
      return new Clients(Continuity.RESUMING_OR_SHARED, silence, longest, seed);
    }

    /** Those of them whose number at their destination is this. */
    Clients number(int number) {
      return switch (continuity) {
        case RESUMING_OR_SHARED -> one(number % 2 == 0 ? Continuity.RESUMING : Continuity.SHARED);
        case ALL_KINDS ->
            one(
                List.of(Continuity.RESUMING, Continuity.SHARED, Continuity.WHILE_CONNECTED)
                    .get(number % 3));
        case RESUMING, SHARED, WHILE_CONNECTED, PLAIN -> this;
      };
    }

    private Clients one(Continuity own) {
      return new Clients(own, silence, longest, seed);
    }

    /** Those of them who stay with a server longest. */
    Clients patient() {
      return new Clients(continuity, longest, longest, seed);
    }
  }

  /** The load that faults are proved under. */
  static Load usual(List<URI> urls) {
    return new Load(urls, 500, 50, 500, 100, Clients.resuming());
  }

  Load withBodySize(int bytes) {
    return new Load(urls, subscribers, destinations, rate, bytes, clients, ids);
  }

  Load withClients(Clients others) {
    return new Load(urls, subscribers, destinations, rate, bodySize, others, ids);
  }

  Load withIds(Ids others) {
    return new Load(urls, subscribers, destinations, rate, bodySize, clients, others);
  }

  Load withUrls(List<URI> others) {
    return new Load(others, subscribers, destinations, rate, bodySize, clients, ids);
  }

  /** Whether the messages of the publisher with this number have an id. */
  boolean hasIds(int publisher) {
    return switch (ids) {
      case ALL -> true;
      case HALF -> publisher % 2 == 0;
    };
  }

  /** A destination of this run alone. */
  public String destination(int number) {
    return "/topic/continuity/"
        + Long.toString(clients.seed & Long.MAX_VALUE, Character.MAX_RADIX)
        + '/'
        + number % destinations;
  }
}
