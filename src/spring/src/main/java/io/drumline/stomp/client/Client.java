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
 * One client, as all parts of its session know it: its connection, who it is, what its CONNECT has
 * agreed on, the state of its session, and the frames of it that are being processed.
 *
 * <p>Lives on its connection's event loop; {@link #id}, {@link #user()}, {@link #userName}, {@link
 * #attributes}, {@link #isExpelled} and {@link #onLoop} are for any thread.
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
   * @param frameLimits of what the decoder accepts
   * @param handler serves the frames that come back from application code
   * @param limits counts what was more than a client may
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

  // Who it is.

  /** The user whom the application or its security named, or null. */
  public @Nullable Principal user() {
    return user;
  }

  public void user(@Nullable Principal principal) {
    user = principal;
  }

  /** The name that {@code /user/**} goes by: the user's, or the session's own id. */
  public String userName() {
    Principal principal = user;
    if (principal == null) {
      return id();
    }
    return principal instanceof DestinationUserNameProvider provider
        ? provider.getDestinationUserName()
        : principal.getName();
  }

  /** Who it is for the rules of this server. */
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

  /** Where the application's code for this client runs, in order; null before there was any. */
  public @Nullable Mailbox application() {
    return application;
  }

  public void application(Mailbox mailbox) {
    application = mailbox;
  }

  // What its CONNECT has agreed on.

  public StompVersion version() {
    return answers.version();
  }

  /** The kind of WebSocket frame that the client is sent, where its content is UTF-8. */
  public Frames.Payload carrier() {
    return answers.carrier();
  }

  /** A WebSocket message of this kind begins; the one that brings CONNECT says how we answer. */
  public void carriedBy(Frames.Payload kind) {
    if (state == SessionState.NEGOTIATING) {
      answers.carriedBy(kind);
    }
  }

  /** From now on its frames are read, and answered, in this version. */
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

  /** The shared session, for a client that connected with a client-id; else null. */
  public @Nullable SharedSession shared() {
    return shared;
  }

  public void shared(SharedSession opened) {
    shared = opened;
  }

  /** The client has left, or its socket has ended: what it is subscribed to stays remembered. */
  public void endShared() {
    if (shared != null) {
      shared.end();
    }
  }

  // The state of its session.

  public SessionState state() {
    return state;
  }

  /**
   * Its session goes on.
   *
   * @throws IllegalStateException if this state cannot follow
   */
  public void to(SessionState next) {
    state = state.to(next);
  }

  public boolean isConnected() {
    return state == SessionState.CONNECTED;
  }

  /** Tells the client that it is connected, with these headers. */
  public void connected(List<Header> headers) {
    to(SessionState.CONNECTED);
    answers.connected(headers);
  }

  /** Whether nothing more of it is served. */
  public boolean hasEnded() {
    return state == SessionState.ENDED || !connection.open();
  }

  /** Cuts these bytes into frames, until the session has ended. */
  public void decode(ByteBuf bytes, Consumer<ClientFrame> frames) {
    decoder.decode(bytes, frames);
  }

  /** The client leaves: what it sends from now on is ignored. */
  public void disconnecting() {
    to(SessionState.DISCONNECTING);
    decoder.stop();
  }

  /** The socket has ended, or is about to. */
  public void end() {
    if (state != SessionState.ENDED) {
      to(SessionState.ENDED);
    }
    decoder.stop();
  }

  /**
   * Goes on with an answer, on the event loop, unless the session has ended meanwhile; a client
   * that is not connected yet is not read from before. A {@link StompException} fails the session.
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
   * Sends an ERROR and closes; nothing follows it.
   *
   * @param receipt what the frame that failed asked for, unless the error says so itself
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

  /** Ends the session as {@link #fail}, and keeps from the application what it has not seen. */
  public void expel(StompException why) {
    expelled = true;
    fail(why);
  }

  /** Whether the client was expelled: the application sees no more of it. */
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

  /** Another node sends to this session, and is told when it ends. */
  public void askedFor() {
    askedFor = true;
  }

  public boolean wasAskedFor() {
    return askedFor;
  }
}
