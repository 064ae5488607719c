package io.drumline.stomp;

import io.drumline.hub.Connection;
import io.drumline.hub.Frames;
import io.drumline.hub.Pause;
import io.drumline.loop.Mailbox;
import io.drumline.message.CloseCode;
import io.drumline.session.SharedSession;
import io.netty.buffer.ByteBuf;
import java.security.Principal;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.springframework.messaging.simp.user.DestinationUserNameProvider;

/**
 * One client's STOMP session: the protocol's state machine.
 *
 * <p>Lives on its connection's event loop; only {@link #user()}, {@link #attributes()} and {@link
 * #onLoop} are for other threads. What becomes of a frame that the state admits is the {@link
 * FrameRouter}'s to say.
 */
public final class StompSession {
  private final StompSessions server;
  private final Connection connection;
  private final StompDecoder decoder;
  private final Consumer<ClientFrame> frames = this::frame;
  private final Consumer<ClientFrame> decoded = this::decoded;
  private final Pending pending;
  private final Pace pace;
  private final StompSubscriptions subscriptions;
  private final Connecting connecting;
  private final Access access;
  private final Answers answers;
  private final FrameRouter router;
  private final ConnectedFrames connected;
  private SessionState state = SessionState.NEGOTIATING;
  private @Nullable Mailbox application;
  private volatile @Nullable Map<String, Object> attributes;
  private volatile @Nullable Principal user;
  private volatile boolean expelled;
  private boolean askedFor;

  StompSession(StompSessions server, Connection connection, long begun) {
    this.server = server;
    this.connection = connection;
    this.decoder = new StompDecoder(server.limits());
    this.connecting = new Connecting(this, server, connection, begun);
    this.answers = new Answers(connection, connecting);
    this.access =
        new Access(this, connection, server.guard(), server.properties().maxHeaderSize().toBytes());
    this.subscriptions = new StompSubscriptions(this, server, connection);
    this.pending =
        new Pending(
            server.properties().maxInFlight(),
            answers::receipt,
            on -> connection.reading(Pause.IN_FLIGHT, on));
    this.router = new FrameRouter(this, server, connection, pending, subscriptions, access);
    this.connected = new ConnectedFrames(this, server.properties(), pending, router);
    this.pace = new Pace(connection, server.properties().rate(), server.guard().limits());
  }

  /**
   * The next bytes of the client's byte stream, cut anywhere. Does not keep or release the buffer.
   */
  public void received(ByteBuf bytes) {
    if (hasEnded()) {
      return;
    }
    server.metrics().received(bytes.readableBytes());
    try {
      pace.received(bytes.readableBytes());
      decoder.decode(bytes, decoded);
    } catch (StompException error) {
      fail(error, null);
    }
  }

  /** A WebSocket control frame has come, with a payload of so many bytes. */
  public void controlled(int bytes) {
    if (state != SessionState.ENDED) {
      try {
        pace.received(bytes);
      } catch (StompException error) {
        fail(error, null);
      }
    }
  }

  /** A WebSocket message of this kind begins; the one that brings CONNECT says how we answer. */
  public void carriedBy(Frames.Payload kind) {
    if (state == SessionState.NEGOTIATING) {
      connecting.carriedBy(kind);
    }
  }

  private void decoded(ClientFrame frame) {
    pace.brought();
    frame(frame);
  }

  /** A pong with a number has come. */
  public void pong(long number) {
    SharedSession session = shared();
    if (session != null) {
      session.pong(number);
    }
  }

  /** The socket has ended, with this close code (1006: without one). Called once. */
  public void ended(int closeCode) {
    end();
    connecting.end();
    access.end();
    subscriptions.cancel();
    server.remove(this);
    if (application != null) { // else the application has not heard of this session
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
    if (principal == null) {
      return id();
    }
    return principal instanceof DestinationUserNameProvider provider
        ? provider.getDestinationUserName()
        : principal.getName();
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
    return connecting.heartBeats();
  }

  StompVersion version() {
    return connecting.version();
  }

  /** The kind of WebSocket frame that the client is sent, where its content is UTF-8. */
  Frames.Payload carrier() {
    return connecting.carrier();
  }

  /** The shared session, for a client that connected with a client-id; else null. */
  @Nullable SharedSession shared() {
    return connecting.shared();
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
  Mailbox application() {
    if (application == null) {
      application = server.bridge().queue().mailbox();
    }
    return application;
  }

  private void frame(ClientFrame frame) {
    switch (state) {
      case NEGOTIATING -> connect(frame);
      case AUTHENTICATING, CHECKING, INTERCEPTING, OPENING -> connecting.hold(frame);
      case CONNECTED -> connected.accept(frame);
      case DISCONNECTING, ENDED -> {
        // what follows a DISCONNECT or an error is ignored
      }
    }
  }

  private void connect(ClientFrame frame) {
    connecting.agree(frame);
    decoder.connected(version());
    to(SessionState.AUTHENTICATING);
    access.authenticate(frame, () -> authenticated(frame));
  }

  private void authenticated(ClientFrame frame) {
    try {
      if (server.bridge().intercepting()) {
        to(SessionState.INTERCEPTING);
        connection.pause(Pause.CONNECTING);
        router.dispatch(frame, pending.open(null, 0));
      } else {
        server.bridge().connectEvent(this, frame);
        open(frame);
      }
    } catch (StompException error) {
      fail(error, null);
    }
  }

  /** Who the client is has been found: whether it is blocked is asked next. */
  void checking() {
    to(SessionState.CHECKING);
  }

  /**
   * The application's interceptors have let the CONNECT pass; without effect if they let it pass
   * twice.
   *
   * @throws StompException if what the application made of the client may not connect
   */
  void intercepted(ClientFrame connect) {
    if (state == SessionState.INTERCEPTING) {
      checking();
      access.accepted(connect, () -> open(connect));
    }
  }

  private void open(ClientFrame connect) {
    try {
      to(SessionState.OPENING);
      connecting.open(connect);
    } catch (StompException error) {
      fail(error, null);
    }
  }

  /** Answers a CONNECT that was accepted, and goes on with what came behind it. */
  void connected(List<ClientFrame> held) {
    if (state != SessionState.OPENING || !connection.open()) {
      return;
    }
    to(SessionState.CONNECTED);
    answers.connected(server.connectedHeaders(this));
    server.metrics().connected(connecting.begun());
    server.bridge().connectedEvent(this);
    heartBeats().start(connection, carrier());
    connection.goOn(Pause.CONNECTING);
    try {
      held.forEach(frames);
    } catch (StompException error) {
      fail(error, null);
    }
  }

  /** The client leaves: what it sends from now on is ignored. */
  void disconnecting() {
    to(SessionState.DISCONNECTING);
    decoder.stop();
  }

  /** Another node sends to this session, and is told when it ends. */
  void askedFor() {
    askedFor = true;
  }

  boolean wasAskedFor() {
    return askedFor;
  }

  Connection connection() {
    return connection;
  }

  Access access() {
    return access;
  }

  Pending pending() {
    return pending;
  }

  FrameRouter router() {
    return router;
  }

  /**
   * The client has become one who may do less, perhaps.
   *
   * @throws StompException if it hears what it may not any more
   */
  void checkSubscriptions() {
    subscriptions.check();
  }

  boolean isConnected() {
    return state == SessionState.CONNECTED;
  }

  /** Whether nothing more of it is served. */
  boolean hasEnded() {
    return state == SessionState.ENDED || !connection.open();
  }

  /** The client leaves by a DISCONNECT. */
  void leave() {
    connecting.end(); // first: what it is subscribed to stays remembered
    subscriptions.cancel();
  }

  /** Sends a message that the application addressed to one of this session's subscriptions. */
  void reply(
      String subscriptionId, String messageId, String destination, byte[] headers, byte[] body) {
    if (state == SessionState.CONNECTED || state == SessionState.DISCONNECTING) {
      answers.message(subscriptionId, messageId, destination, headers, body);
    }
  }

  /** The application is done with a frame that the broker has no part in. */
  void done(Pending.Slot slot) {
    pending.done(slot);
  }

  /** An interceptor of the application swallowed the frame: it gets no receipt. */
  void vetoed(Pending.Slot slot) {
    pending.drop(slot);
  }

  /** Whether the client was expelled: the application sees no more of it. Any thread. */
  boolean isExpelled() {
    return expelled;
  }

  /** Ends the session as {@link #fail}, and keeps from the application what it has not seen. */
  void expel(StompException why) {
    expelled = true;
    fail(why, null);
  }

  /** Sends an ERROR and closes; nothing follows it. */
  void fail(StompException error, @Nullable String receipt) {
    if (hasEnded()) {
      return;
    }
    end();
    server.metrics().error();
    if (error.limit() != null) {
      server.guard().limits().exceeded(error.limit());
    }
    String receiptId = error.receiptId() != null ? error.receiptId() : receipt;
    answers.error(error, receiptId);
  }

  /**
   * The time for connecting is over: if the client still waits for CONNECTED, it gets an ERROR.
   * Answers that come after that change nothing.
   */
  void connectTimeout() {
    if (state.isConnecting() && connection.open()) {
      server.metrics().connectTimeout(state);
      connecting.tooLate(state);
      fail(
          new StompException(
              "You were not connected within %d ms, because %s."
                  .formatted(server.properties().connectTimeout().toMillis(), state.activity()),
              null,
              CloseCode.CONNECT_TIMEOUT),
          null);
    }
  }

  private void to(SessionState next) {
    state = state.to(next);
  }

  private void end() {
    if (state != SessionState.ENDED) {
      to(SessionState.ENDED);
    }
    decoder.stop();
  }
}
