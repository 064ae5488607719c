package io.drumline.stomp.client;

import io.drumline.hub.Connection;
import io.drumline.hub.Frames;
import io.drumline.hub.Pause;
import io.drumline.loop.Mailbox;
import io.drumline.security.Identity;
import io.drumline.security.Limits;
import io.drumline.session.SharedSession;
import io.drumline.stomp.codec.ClientFrame;
import io.drumline.stomp.codec.Header;
import io.drumline.stomp.codec.StompDecoder;
import io.drumline.stomp.codec.StompException;
import io.drumline.stomp.codec.StompLimits;
import io.drumline.stomp.codec.StompVersion;
import io.netty.buffer.ByteBuf;
import java.security.Principal;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.springframework.messaging.simp.user.DestinationUserNameProvider;

/**
 * One client, shared by all parts of its session: its connection, its user, what CONNECT
 * negotiated, the session's state, and the frames being processed.
 *
 * <p>Used on its connection's event loop; {@link #id}, {@link #user()}, {@link #userName}, {@link
 * #attributes}, {@link #isExpelled} and {@link #onLoop} may be called from any thread.
 */
public final class Client {
  private final Connection connection;
  private final StompDecoder decoder;
  private final Answers answers;
  private final Pending pending;
  private final FrameHandler handler;
  private final StompMetrics metrics;
  private final Limits limits;
  private SessionState state = SessionState.NEGOTIATING;
  private HeartBeats heartBeats = HeartBeats.NONE;
  private @Nullable SharedSession shared;
  private @Nullable Mailbox application;
  private volatile @Nullable Map<String, Object> attributes;
  private volatile @Nullable Principal user;
  private volatile boolean expelled;
  private boolean askedFor;

  /**
   * @param frameLimits limits of the decoder
   * @param handler serves the frames that come back from application code
   * @param limits counts exceeded limits
   */
  public Client(
      Connection connection,
      StompLimits frameLimits,
      int maxInFlight,
      FrameHandler handler,
      StompMetrics metrics,
      Limits limits) {
    this.connection = connection;
    this.decoder = new StompDecoder(frameLimits);
    this.answers = new Answers(connection);
    this.pending =
        new Pending(maxInFlight, answers::receipt, on -> connection.reading(Pause.IN_FLIGHT, on));
    this.handler = handler;
    this.metrics = metrics;
    this.limits = limits;
  }

  /** The session id. */
  public String id() {
    return connection.id();
  }

  public Connection connection() {
    return connection;
  }

  public Pending pending() {
    return pending;
  }

  /** Serves the frames that come back from application code. */
  public FrameHandler handler() {
    return handler;
  }

  /** Runs on the event loop: now if the caller is on it, else later. */
  public void onLoop(Runnable task) {
    if (connection.inEventLoop()) {
      task.run();
    } else {
      connection.execute(task);
    }
  }

  // The user.

  /** The user named by login or by the application, or null. */
  public @Nullable Principal user() {
    return user;
  }

  public void user(@Nullable Principal principal) {
    user = principal;
  }

  /** The name in {@code /user/**} destinations: the user's, or the session id. */
  public String userName() {
    Principal principal = user;
    if (principal == null) {
      return id();
    }
    return principal instanceof DestinationUserNameProvider provider
        ? provider.getDestinationUserName()
        : principal.getName();
  }

  /** The identity for authorization and limits. */
  public Identity identity() {
    Principal principal = user;
    if (principal == null) {
      return Identity.ANONYMOUS;
    }
    return principal instanceof Identity identity ? identity : Identity.named(userName());
  }

  /** Spring's session attributes. */
  public synchronized Map<String, Object> attributes() {
    Map<String, Object> map = attributes;
    if (map == null) {
      map = new ConcurrentHashMap<>(4);
      attributes = map;
    }
    return map;
  }

  /**
   * The mailbox that runs the application's code for this client, in order; null until first used.
   */
  public @Nullable Mailbox application() {
    return application;
  }

  public void application(Mailbox mailbox) {
    application = mailbox;
  }

  // Negotiated by CONNECT.

  public StompVersion version() {
    return answers.version();
  }

  /** The kind of WebSocket frame for messages to the client whose content is UTF-8. */
  public Frames.Payload carrier() {
    return answers.carrier();
  }

  /**
   * A WebSocket message of this kind begins; the kind of the CONNECT's message is used for ours.
   */
  public void carriedBy(Frames.Payload kind) {
    if (state == SessionState.NEGOTIATING) {
      answers.carriedBy(kind);
    }
  }

  /** Sets the version in which later frames are read and answered. */
  public void version(StompVersion agreed) {
    answers.agree(agreed);
    decoder.connected(agreed);
  }

  public HeartBeats heartBeats() {
    return heartBeats;
  }

  public void heartBeats(HeartBeats agreed) {
    heartBeats = agreed;
  }

  /** The shared session of a client that connected with a client-id; else null. */
  public @Nullable SharedSession shared() {
    return shared;
  }

  public void shared(SharedSession opened) {
    shared = opened;
  }

  /**
   * Ends the client's use of its shared session, which keeps its subscriptions: the client has
   * disconnected, or its connection has ended.
   */
  public void endShared() {
    if (shared != null) {
      shared.end();
    }
  }

  // The session's state.

  public SessionState state() {
    return state;
  }

  /**
   * Moves the session to another state.
   *
   * @throws IllegalStateException if that state cannot follow
   */
  public void to(SessionState next) {
    state = state.to(next);
  }

  public boolean isConnected() {
    return state == SessionState.CONNECTED;
  }

  /** Sends CONNECTED with these headers. */
  public void connected(List<Header> headers) {
    to(SessionState.CONNECTED);
    answers.connected(headers);
  }

  /** Whether the session has ended: later frames are not served. */
  public boolean hasEnded() {
    return state == SessionState.ENDED || !connection.open();
  }

  /** Splits these bytes into frames, until the session has ended. */
  public void decode(ByteBuf bytes, Consumer<ClientFrame> frames) {
    decoder.decode(bytes, frames);
  }

  /** Ignores later frames: the client has sent DISCONNECT. */
  public void disconnecting() {
    to(SessionState.DISCONNECTING);
    decoder.stop();
  }

  /** Ends the session: the connection has ended, or is about to. */
  public void end() {
    if (state != SessionState.ENDED) {
      to(SessionState.ENDED);
    }
    decoder.stop();
  }

  /**
   * Continues with an answer on the event loop, unless the session has ended meanwhile. Before the
   * client is connected, reading pauses until then. A {@link StompException} fails the session.
   */
  public <T> void whenAnswered(CompletableFuture<T> answer, Consumer<T> then) {
    if (!isConnected() && !answer.isDone()) {
      connection.pause(Pause.CONNECTING);
    }
    var unused = answer.thenAccept(value -> onLoop(() -> goOn(value, then)));
  }

  private <T> void goOn(T value, Consumer<T> then) {
    if (hasEnded()) {
      return;
    }
    try {
      then.accept(value);
    } catch (StompException error) {
      fail(error);
    }
  }

  public void fail(StompException error) {
    fail(error, null);
  }

  /**
   * Sends an ERROR and closes the connection; nothing is sent after it.
   *
   * @param receipt the failed frame's receipt, used if the error has none
   */
  public void fail(StompException error, @Nullable String receipt) {
    if (hasEnded()) {
      return;
    }
    end();
    metrics.error();
    if (error.limit() != null) {
      limits.exceeded(error.limit());
    }
    answers.error(error, error.receiptId() != null ? error.receiptId() : receipt);
  }

  /** Ends the session as {@link #fail}, and drops frames that wait for application code. */
  public void expel(StompException why) {
    expelled = true;
    fail(why);
  }

  /** Whether the client was expelled: its frames are no longer passed to the application. */
  public boolean isExpelled() {
    return expelled;
  }

  /** Sends a message that the application addressed to one of this session's subscriptions. */
  public void reply(
      String subscriptionId, String messageId, String destination, byte[] headers, byte[] body) {
    if (state == SessionState.CONNECTED || state == SessionState.DISCONNECTING) {
      answers.message(subscriptionId, messageId, destination, headers, body);
    }
  }

  /** Notes that another node sends to this session, and must be notified when it ends. */
  public void askedFor() {
    askedFor = true;
  }

  public boolean wasAskedFor() {
    return askedFor;
  }
}
