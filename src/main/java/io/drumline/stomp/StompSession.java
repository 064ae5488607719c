package io.drumline.stomp;

import io.drumline.hub.Connection;
import io.drumline.hub.Frames;
import io.drumline.hub.Subscription;
import io.drumline.message.CloseCode;
import io.drumline.message.Destination;
import io.drumline.message.Publication;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import java.security.Principal;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One client's STOMP session: the protocol's state machine.
 *
 * <p>Lives on its connection's event loop; only {@link #user()}, {@link #attributes()} and {@link
 * #onLoop} are for other threads. A frame for the broker is served at once; one for the
 * application, or every one if the application intercepts client messages, goes through {@link
 * SpringBridge} on the session's own executor and, for the broker, comes back through {@link
 * #serve}.
 */
public final class StompSession {
  private static final ByteBufAllocator ALLOC = PooledByteBufAllocator.DEFAULT;

  private enum State {
    /** Waits for CONNECT. */
    NEW,
    /** The application looks at the CONNECT; frames behind it wait. */
    CONNECTING,
    CONNECTED,
    /** DISCONNECT has come: what was sent before it is still processed. */
    DISCONNECTING,
    /** An ERROR was sent, or the socket has ended. */
    ENDED
  }

  private final StompSessions server;
  private final Connection connection;
  private final StompDecoder decoder;
  private final Consumer<ClientFrame> frames = this::frame;
  private final Pending pending;
  private final Map<String, StompSubscription> subscriptions = new HashMap<>(2);
  private State state = State.NEW;
  private StompVersion version = StompVersion.V1_0;
  private HeartBeats heartBeats = new HeartBeats(0, 0);
  private final ArrayDeque<Runnable> behindJoins = new ArrayDeque<>(0);
  private int joining;
  private int unacknowledged;
  private @Nullable Transactions transactions;
  private @Nullable ArrayDeque<ClientFrame> held;
  private @Nullable SerialExecutor application;
  private volatile @Nullable Map<String, Object> attributes;
  private volatile @Nullable Principal user;

  StompSession(StompSessions server, Connection connection) {
    this.server = server;
    this.connection = connection;
    this.decoder = new StompDecoder(server.limits());
    this.pending =
        new Pending(server.properties().maxInFlight(), this::receipt, connection::reading);
    connection.wheel().after(server.properties().connectTimeout().toMillis(), this::checkConnected);
  }

  /**
   * The next octets of the client's byte stream, cut anywhere. Does not keep or release the buffer.
   */
  public void received(ByteBuf octets) {
    if (state == State.ENDED || !connection.open()) {
      return;
    }
    server.metrics().received(octets.readableBytes());
    try {
      decoder.decode(octets, frames);
    } catch (StompException error) {
      fail(error, null);
    }
  }

  /** The socket has ended, with this close code (1006: without one). Called once. */
  public void ended(int closeCode) {
    boolean wasConnected = state != State.NEW && state != State.CONNECTING;
    state = State.ENDED;
    decoder.stop();
    subscriptions.values().forEach(StompSubscription::cancel);
    subscriptions.clear();
    server.remove(this);
    if (wasConnected && attributes != null) {
      server.bridge().disconnected(this, closeCode);
    }
  }

  /** The session id; any thread. */
  String id() {
    return connection.id();
  }

  /** The user whom the application or its security named, or null. Any thread. */
  @Nullable Principal user() {
    return user;
  }

  void user(@Nullable Principal principal) {
    user = principal;
  }

  /** The name that {@code /user/**} goes by: the user's, or the session's own id. Any thread. */
  String userName() {
    Principal principal = user;
    return principal == null ? id() : principal.getName();
  }

  /** Spring's session attributes. Any thread. */
  synchronized Map<String, Object> attributes() {
    Map<String, Object> map = attributes;
    if (map == null) {
      map = new ConcurrentHashMap<>(4);
      attributes = map;
    }
    return map;
  }

  HeartBeats heartBeats() {
    return heartBeats;
  }

  StompVersion version() {
    return version;
  }

  /** Runs on the event loop: now if the caller is on it, else later. Any thread. */
  void onLoop(Runnable task) {
    if (connection.inEventLoop()) {
      task.run();
    } else {
      connection.execute(task);
    }
  }

  /** Where the application's code for this session runs, in order. */
  SerialExecutor application() {
    if (application == null) {
      application = new SerialExecutor(server.bridge().pool());
    }
    return application;
  }

  private void frame(ClientFrame frame) {
    switch (state) {
      case NEW -> connect(frame);
      case CONNECTING -> hold(frame);
      case CONNECTED -> accept(frame);
      case DISCONNECTING, ENDED -> {
        // what follows a DISCONNECT or an error is ignored
      }
    }
  }

  private void connect(ClientFrame frame) {
    if (!frame.command().connects()) {
      throw new StompException("The first frame must be CONNECT.", frame.header("receipt"));
    }
    Optional<StompVersion> agreed = StompVersion.negotiate(frame.header("accept-version"));
    if (agreed.isEmpty()) {
      fail(
          new StompException(
              "There is no common STOMP version; this server speaks "
                  + StompVersion.SUPPORTED
                  + ".",
              null),
          null,
          List.of(new Header("version", StompVersion.SUPPORTED)));
      return;
    }
    version = agreed.get();
    String beats = frame.header("heart-beat");
    if (beats != null) {
      heartBeats = HeartBeats.agree(beats, server.properties());
    }
    decoder.connected(version);
    state = State.CONNECTING;
    if (server.bridge().intercepting()) {
      connection.reading(false);
      dispatch(frame, pending.open(null, 0));
    } else {
      server.bridge().connectEvent(this, frame);
      connected(frame);
    }
  }

  /** Answers a CONNECT that was accepted. */
  void connected(ClientFrame connect) {
    if (state != State.CONNECTING || !connection.open()) {
      return;
    }
    state = State.CONNECTED;
    List<Header> headers = new ArrayList<>(6);
    headers.add(new Header("version", version.text()));
    headers.add(new Header("session", id()));
    headers.add(new Header("server", server.serverName()));
    headers.add(new Header("node", server.node().value()));
    headers.add(new Header("heart-beat", heartBeats.send() + "," + heartBeats.receive()));
    Principal principal = user;
    if (principal != null) {
      headers.add(new Header("user-name", principal.getName()));
    }
    connection.send(StompEncoder.connected(ALLOC, headers), Frames.Payload.TEXT);
    server.bridge().connectedEvent(this);
    heartBeats.start(connection);
    connection.reading(true);
    ArrayDeque<ClientFrame> waiting = held;
    held = null;
    if (waiting != null) {
      try {
        waiting.forEach(frames);
      } catch (StompException error) {
        fail(error, null);
      }
    }
  }

  private void hold(ClientFrame frame) {
    if (held == null) {
      held = new ArrayDeque<>();
    }
    held.add(frame); // bounded: reading is paused, so at most what one read has brought
  }

  private void accept(ClientFrame frame) {
    String transaction = frame.header("transaction");
    try {
      switch (frame.command()) {
        case CONNECT, STOMP -> throw new StompException("The session is already connected.");
        case BEGIN -> {
          transactions().begin(required(frame, "transaction"));
          pending.done(open(frame));
        }
        case ABORT -> {
          transactions().end(required(frame, "transaction"));
          pending.done(open(frame));
        }
        case COMMIT -> {
          for (ClientFrame each : transactions().end(required(frame, "transaction"))) {
            dispatchOrServe(each, pending.open(null, each.body().length));
          }
          pending.done(open(frame)); // its receipt waits for all of them
        }
        case SEND, ACK, NACK -> {
          if (transaction == null) {
            dispatchOrServe(frame, open(frame));
          } else {
            check(frame);
            transactions().add(transaction, frame);
            pending.done(open(frame));
          }
        }
        case SUBSCRIBE, UNSUBSCRIBE -> dispatchOrServe(frame, open(frame));
        case DISCONNECT -> {
          state = State.DISCONNECTING;
          decoder.stop();
          dispatchOrServe(frame, open(frame));
        }
      }
    } catch (StompException error) {
      fail(error, frame.header("receipt"));
    }
  }

  private void dispatchOrServe(ClientFrame frame, Pending.Slot slot) {
    if (server.bridge().intercepting()) {
      check(frame);
      dispatch(frame, slot);
    } else {
      serve(frame, slot);
    }
  }

  /**
   * Hands a frame to the application; it comes back, or its slot is done, when the application has
   * seen it.
   */
  private void dispatch(ClientFrame frame, Pending.Slot slot) {
    try {
      server.bridge().dispatch(this, frame, slot);
    } catch (java.util.concurrent.RejectedExecutionException full) {
      throw new StompException(
          "The server is too busy: try again later.", slot.receipt(), CloseCode.TRY_AGAIN_LATER);
    }
  }

  /** What every frame must have, whoever serves it. */
  private void check(ClientFrame frame) {
    switch (frame.command()) {
      case SEND, SUBSCRIBE -> required(frame, "destination");
      default -> {
        // nothing that the server itself would not find
      }
    }
  }

  /** Serves a frame: the broker's part, and what belongs to the session. */
  void serve(ClientFrame frame, Pending.Slot slot) {
    if (state == State.ENDED || !connection.open()) {
      return;
    }
    try {
      switch (frame.command()) {
        case CONNECT, STOMP -> {
          connected(frame);
          pending.done(slot);
        }
        case SEND -> {
          if (joining == 0) {
            send(frame, slot);
          } else { // a client that subscribes and then sends must see its own message
            behindJoins.add(() -> serve(frame, slot));
          }
        }
        case SUBSCRIBE -> subscribe(frame, slot);
        case UNSUBSCRIBE -> unsubscribe(frame, slot);
        case ACK, NACK -> {
          acknowledge(frame);
          pending.done(slot);
        }
        case DISCONNECT -> {
          subscriptions.values().forEach(StompSubscription::cancel);
          pending.done(slot);
          pending.whenEmpty(() -> connection.close(CloseCode.NORMAL, ""));
        }
        case BEGIN, COMMIT, ABORT -> pending.done(slot);
      }
    } catch (StompException error) {
      fail(error, slot.receipt());
    }
  }

  private void send(ClientFrame frame, Pending.Slot slot) {
    String text = required(frame, "destination");
    if (server.bridge().isForApplication(text)) {
      dispatch(frame, slot);
      return;
    }
    server
        .publisher()
        .publish(destination(text), frame.headers(), frame.body(), frame.header("id"), null)
        .whenComplete(
            (messageId, error) ->
                onLoop(
                    () -> {
                      if (error == null) {
                        pending.done(slot);
                      } else {
                        fail(StompSessions.notAccepted(error), slot.receipt());
                      }
                    }));
  }

  private void subscribe(ClientFrame frame, Pending.Slot slot) {
    String text = required(frame, "destination");
    StompSubscription subscription = StompSubscription.of(frame, text, version);
    if (subscriptions.containsKey(subscription.key())) {
      throw new StompException(
          "The subscription id '" + Sentences.shorten(subscription.key()) + "' is already in use.");
    }
    if (subscriptions.size() >= server.properties().maxSubscriptions()) {
      throw new StompException(
          "Too many subscriptions: at most "
              + server.properties().maxSubscriptions()
              + " a connection.");
    }
    if (server.bridge().isForApplication(text)) {
      subscriptions.put(subscription.key(), subscription);
      if (server.bridge().intercepting()) {
        pending.done(slot); // the application has seen it on the way here
      } else {
        dispatch(frame, slot);
      }
      return;
    }
    if (text.indexOf('*') >= 0) {
      throw new StompException("Wildcards are not allowed in the destination of SUBSCRIBE.");
    }
    Destination destination =
        text.startsWith("/user/")
            ? ownDestination(text.substring("/user".length()))
            : destination(text);
    Consumer<Publication> observer =
        subscription.acknowledges() ? p -> delivered(subscription, p) : null;
    Subscription member =
        server.hub().subscribe(connection, destination, subscription.format(), observer);
    subscription.joined(member);
    subscriptions.put(subscription.key(), subscription);
    joining++;
    member
        .live()
        .thenRun(
            () -> {
              pending.done(slot);
              joined();
            });
    server.bridge().subscribeEvent(this, frame);
  }

  private void joined() {
    if (--joining == 0) {
      for (Runnable next; joining == 0 && (next = behindJoins.poll()) != null; ) {
        next.run();
      }
    }
  }

  private void unsubscribe(ClientFrame frame, Pending.Slot slot) {
    String key = StompSubscription.keyOf(frame, version);
    StompSubscription subscription = subscriptions.remove(key);
    if (subscription == null) {
      throw new StompException(
          "There is no subscription with the id '" + Sentences.shorten(key) + "'.");
    }
    subscription.cancel();
    unacknowledged -= subscription.unacknowledged();
    pending.done(slot);
    server.bridge().unsubscribeEvent(this, frame);
  }

  private void delivered(StompSubscription subscription, Publication publication) {
    subscription.delivered(publication.messageId());
    if (++unacknowledged > server.properties().maxUnacknowledged()) {
      fail(
          new StompException(
              "More than "
                  + server.properties().maxUnacknowledged()
                  + " messages are unacknowledged.",
              null,
              CloseCode.TOO_MANY_UNACKNOWLEDGED),
          null);
    }
  }

  private void acknowledge(ClientFrame frame) {
    String id = required(frame, version == StompVersion.V1_2 ? "id" : "message-id");
    String key = null;
    String messageId = id;
    if (version == StompVersion.V1_2) {
      int separator = id.indexOf(MessageFormat.ACK_SEPARATOR);
      messageId = separator < 0 ? id : id.substring(0, separator);
      key = separator < 0 ? id : id.substring(separator + 1);
    } else if (version == StompVersion.V1_1) {
      key = required(frame, "subscription");
    }
    for (StompSubscription subscription : subscriptions.values()) {
      if (key == null || key.equals(subscription.key())) {
        int covered = subscription.acknowledge(messageId);
        if (covered > 0) {
          unacknowledged -= covered;
          return;
        }
      }
    }
    throw new StompException(
        "There is no unacknowledged message '" + Sentences.shorten(id) + "' on this connection.");
  }

  /** Sends a message that the application addressed to one of this session's subscriptions. */
  void reply(
      String subscriptionId, String messageId, String destination, byte[] headers, byte[] body) {
    if (state != State.CONNECTED) {
      return;
    }
    ByteBuf frame = ALLOC.directBuffer(256 + headers.length + body.length);
    frame.setIndex(Frames.MAX_HEADER, Frames.MAX_HEADER);
    new MessageFormat(subscriptionId, version, false)
        .write(frame, messageId, destination, headers, body);
    connection.send(frame, Frames.isUtf8(body) ? Frames.Payload.TEXT : Frames.Payload.BINARY);
  }

  /** The application is done with a frame that the broker has no part in. */
  void done(Pending.Slot slot) {
    pending.done(slot);
  }

  /** An interceptor of the application swallowed the frame: it gets no receipt. */
  void vetoed(Pending.Slot slot) {
    pending.drop(slot);
  }

  /** Sends an ERROR and closes; nothing follows it. */
  void fail(StompException error, @Nullable String receipt) {
    fail(error, receipt, List.of());
  }

  private void fail(StompException error, @Nullable String receipt, List<Header> more) {
    if (state == State.ENDED || !connection.open()) {
      return;
    }
    state = State.ENDED;
    decoder.stop();
    server.metrics().error();
    String receiptId = error.receiptId() != null ? error.receiptId() : receipt;
    connection.send(
        StompEncoder.error(ALLOC, error.getMessage(), receiptId, more, version),
        Frames.Payload.TEXT);
    connection.close(error.closeCode(), error.getMessage());
  }

  private void receipt(String id) {
    connection.send(StompEncoder.receipt(ALLOC, id, version), Frames.Payload.TEXT);
  }

  private Pending.Slot open(ClientFrame frame) {
    return pending.open(frame.header("receipt"), frame.body().length);
  }

  private Transactions transactions() {
    if (transactions == null) {
      transactions = new Transactions(server.properties());
    }
    return transactions;
  }

  private long checkConnected() {
    if (state == State.NEW && connection.open()) {
      connection.close(CloseCode.CONNECT_TIMEOUT, "No CONNECT frame came in time.");
    }
    return 0;
  }

  private Destination ownDestination(String rest) {
    try {
      return Destination.ofUser(userName(), rest);
    } catch (IllegalArgumentException invalid) {
      throw new StompException(String.valueOf(invalid.getMessage()));
    }
  }

  private static Destination destination(String text) {
    try {
      return Destination.of(text);
    } catch (IllegalArgumentException invalid) {
      throw new StompException(String.valueOf(invalid.getMessage()));
    }
  }

  static String required(ClientFrame frame, String header) {
    String value = frame.header(header);
    if (value == null || value.isEmpty()) {
      throw new StompException(
          "The " + frame.command() + " frame lacks the header '" + header + "'.",
          frame.header("receipt"));
    }
    return value;
  }
}
