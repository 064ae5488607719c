package io.drumline.redis;

import io.drumline.backplane.Receiver;
import io.drumline.loop.TaskGuard;
import io.drumline.message.Destination;
import io.drumline.message.Publication;
import io.drumline.redis.format.Envelope;
import io.drumline.redis.format.InvalidEnvelopes;
import io.drumline.redis.format.MalformedException;
import io.drumline.redis.format.RedisKeys;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the node's channels subscribed across connections, and passes on their messages.
 *
 * <p>Concurrency: callers change {@code wanted}; one task on {@code owner} updates the connection
 * accordingly; Lettuce's I/O thread reads {@code wanted} and calls the receiver.
 */
final class RedisSubscriber {
  private static final int CHANNELS_PER_COMMAND = 512;

  private final RedisKeys keys;
  private final String probeChannel;
  private final Duration timeout;
  private final InvalidEnvelopes invalid;
  private final EventExecutor owner;
  private final TaskGuard guard;
  private final Receiver receiver;
  private final Consumer<byte[]> probes;
  private final BiConsumer<StatefulRedisPubSubConnection<String, byte[]>, Throwable> failed;

  /** By channel: the subscriptions that connections must have. */
  private final Map<String, Subscription> wanted = new ConcurrentHashMap<>();

  /** Listeners of channels without a destination. */
  private final Map<String, ChannelListener> listeners = new ConcurrentHashMap<>();

  private final Queue<String> changed = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean scheduled = new AtomicBoolean();

  /** Channels for which the connection was sent a SUBSCRIBE. Owner's thread, like the next two. */
  private final Set<String> requested = new HashSet<>();

  /** The number of SUBSCRIBEs of a channel that the connection has not confirmed yet. */
  private final Map<String, Integer> unconfirmed = new HashMap<>();

  private CompletableFuture<Void> attached = new CompletableFuture<>();
  private volatile @Nullable StatefulRedisPubSubConnection<String, byte[]> connection;

  /** Receives a channel's messages, and is called when Redis has confirmed its subscription. */
  private record ChannelListener(Consumer<byte[]> messages, Runnable subscribed) {}

  private record Subscription(Destination destination, CompletableFuture<Void> confirmed) {}

  /**
   * @param probeChannel a channel for this node only
   * @param timeout how long Redis may take to confirm a new connection's first subscription
   * @param probes receives the messages of the probe channel, on Lettuce's I/O thread
   * @param failed called on any thread when a SUBSCRIBE on a connection has failed
   */
  RedisSubscriber(
      RedisKeys keys,
      String probeChannel,
      Duration timeout,
      InvalidEnvelopes invalid,
      EventExecutor owner,
      TaskGuard guard,
      Receiver receiver,
      Consumer<byte[]> probes,
      BiConsumer<StatefulRedisPubSubConnection<String, byte[]>, Throwable> failed) {
    this.keys = keys;
    this.probeChannel = probeChannel;
    this.timeout = timeout;
    this.invalid = invalid;
    this.owner = owner;
    this.guard = guard;
    this.receiver = receiver;
    this.probes = probes;
    this.failed = failed;
  }

  /**
   * Adds a channel that the node is always subscribed to; called before there is a connection.
   *
   * @param messages receives its messages, on Lettuce's I/O thread
   * @param subscribed called on the owner's thread whenever a connection has subscribed to it
   */
  void listen(String channel, Consumer<byte[]> messages, Runnable subscribed) {
    listeners.put(channel, new ChannelListener(messages, subscribed));
  }

  /**
   * As {@link io.drumline.backplane.Backplane#subscribe}. A subscription that is ended before it is
   * confirmed never completes.
   */
  CompletionStage<Void> subscribe(Destination destination) {
    String channel = keys.channel(destination);
    Subscription subscription = new Subscription(destination, new CompletableFuture<>());
    wanted.put(channel, subscription);
    change(channel);
    return subscription.confirmed;
  }

  /** As {@link io.drumline.backplane.Backplane#unsubscribe}. */
  void unsubscribe(Destination destination) {
    String channel = keys.channel(destination);
    wanted.remove(channel);
    change(channel);
  }

  private void change(String channel) {
    changed.add(channel);
    if (!owner.isShuttingDown() && !scheduled.get() && scheduled.compareAndSet(false, true)) {
      owner.execute(this::reconcile);
    }
  }

  /** Starts to use a new connection; completes once Redis confirms the first subscription. */
  CompletionStage<Void> attach(StatefulRedisPubSubConnection<String, byte[]> connection) {
    requested.clear();
    unconfirmed.clear();
    attached = new CompletableFuture<Void>().orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS);
    this.connection = connection;
    connection.addListener(new Listener(connection));
    List<String> channels = new ArrayList<>(wanted.size() + 1);
    channels.add(probeChannel);
    channels.addAll(listeners.keySet());
    channels.addAll(wanted.keySet());
    subscribe(connection, channels);
    return attached;
  }

  /** Stops using the connection: later messages on it are dropped. */
  void detach() {
    connection = null;
  }

  /** If it throws, a new connection subscribes to everything wanted. */
  @SuppressWarnings("CatchThrowable")
  private void reconcile() {
    scheduled.set(false);
    try {
      sendChanges();
    } catch (Throwable e) {
      guard.failed(e);
      StatefulRedisPubSubConnection<String, byte[]> connection = this.connection;
      if (connection != null) {
        failed.accept(
            connection, new IllegalStateException("its subscriptions could not be changed"));
      }
    }
  }

  private void sendChanges() {
    Set<String> channels = new HashSet<>();
    for (String channel; (channel = changed.poll()) != null; ) {
      channels.add(channel);
    }
    StatefulRedisPubSubConnection<String, byte[]> connection = this.connection;
    if (connection == null) {
      return; // the next connection subscribes to everything wanted
    }
    List<String> missing = new ArrayList<>();
    List<String> unwanted = new ArrayList<>();
    for (String channel : channels) {
      if (!wanted.containsKey(channel)) {
        if (requested.remove(channel)) {
          unwanted.add(channel);
        }
      } else if (!requested.contains(channel)) {
        missing.add(channel);
      } else if (!unconfirmed.containsKey(channel)) {
        var unused = complete(channel); // unsubscribed and resubscribed before Redis was told
      }
    }
    for (int at = 0; at < unwanted.size(); at += CHANNELS_PER_COMMAND) {
      var unused = connection.async().unsubscribe(part(unwanted, at));
    }
    subscribe(connection, missing);
  }

  private void subscribe(
      StatefulRedisPubSubConnection<String, byte[]> connection, List<String> channels) {
    requested.addAll(channels);
    for (String channel : channels) {
      unconfirmed.merge(channel, 1, Integer::sum);
    }
    for (int at = 0; at < channels.size(); at += CHANNELS_PER_COMMAND) {
      CompletionStage<Void> answer = connection.async().subscribe(part(channels, at));
      answer.whenComplete(
          (done, failure) -> {
            if (failure != null) {
              failed.accept(connection, failure);
            }
          });
    }
  }

  private static String[] part(List<String> channels, int from) {
    int to = Math.min(from + CHANNELS_PER_COMMAND, channels.size());
    return channels.subList(from, to).toArray(String[]::new);
  }

  /** If it fails, the next connection confirms it. */
  private void confirm(StatefulRedisPubSubConnection<String, byte[]> connection, String channel) {
    if (!guard.run(() -> confirmed(connection, channel))) {
      failed.accept(
          connection, new IllegalStateException("a subscription of it could not be begun"));
    }
  }

  private void confirmed(StatefulRedisPubSubConnection<String, byte[]> connection, String channel) {
    if (connection != this.connection) {
      return;
    }
    // Only the last of several: there was an UNSUBSCRIBE between them.
    Integer left = unconfirmed.computeIfPresent(channel, (key, n) -> n > 1 ? n - 1 : null);
    ChannelListener listener = listeners.get(channel);
    if (channel.equals(probeChannel)) {
      attached.complete(null);
    } else if (listener != null) {
      listener.subscribed.run();
    } else if (left == null && requested.contains(channel)) {
      Subscription again = complete(channel);
      if (again != null) {
        receiver.interrupted(again.destination);
      }
    }
  }

  /** Returns the subscription if it was confirmed before, by an earlier connection. */
  private @Nullable Subscription complete(String channel) {
    Subscription subscription = wanted.get(channel);
    return subscription != null && !subscription.confirmed.complete(null) ? subscription : null;
  }

  private void received(String channel, byte[] bytes) {
    Subscription subscription = wanted.get(channel);
    if (subscription == null) {
      ChannelListener listener = listeners.get(channel);
      if (channel.equals(probeChannel)) {
        probes.accept(bytes);
      } else if (listener != null) {
        listener.messages.accept(bytes);
      }
      return;
    }
    Publication publication;
    try {
      publication = Envelope.read(subscription.destination, bytes);
    } catch (MalformedException e) {
      invalid.dropped(channel, e);
      return;
    }
    receiver.received(publication);
  }

  /** A message that could not be passed on is read from history. */
  private void notReceived(String channel, Throwable e) {
    guard.failed(e);
    Subscription subscription = wanted.get(channel);
    if (subscription != null) {
      receiver.interrupted(subscription.destination);
    }
  }

  /** One connection's events, on its I/O thread. */
  private final class Listener extends RedisPubSubAdapter<String, byte[]> {
    private final StatefulRedisPubSubConnection<String, byte[]> source;

    Listener(StatefulRedisPubSubConnection<String, byte[]> source) {
      this.source = source;
    }

    @Override
    @SuppressWarnings("CatchThrowable") // Lettuce would only log it, and lose the message
    public void message(String channel, byte[] bytes) {
      if (source == connection) {
        try {
          received(channel, bytes);
        } catch (Throwable e) {
          notReceived(channel, e);
        }
      }
    }

    @Override
    public void subscribed(String channel, long count) {
      if (!owner.isShuttingDown()) {
        owner.execute(() -> confirm(source, channel));
      }
    }
  }
}
