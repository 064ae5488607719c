package io.drumline.stomp;

import io.drumline.backplane.BackplaneException;
import io.drumline.hub.Connection;
import io.drumline.hub.Frames;
import io.drumline.hub.Pause;
import io.drumline.message.CloseCode;
import io.drumline.security.Limit;
import io.drumline.session.ClientSocket;
import io.drumline.session.SharedSession;
import java.security.Principal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What happens between a session's CONNECT and its CONNECTED: client and server agree on how they
 * speak, and the client's shared session is opened. Used on the connection's event loop.
 */
final class Connecting {
  private static final Logger log = LoggerFactory.getLogger(Connecting.class);

  static final String CLIENT_ID = "client-id";

  /** {@code private} for clients that cannot see the close code 1013. */
  private static final String CLOSE_CODES = "close-codes";

  private static final Pattern CLIENT_IDS = Pattern.compile("[A-Za-z0-9._~-]{1,64}");

  /** Bytes of frames that wait for CONNECTED; as many may be in flight later. */
  private static final int MOST_HELD = 4 * 1024 * 1024;

  private final StompSession session;
  private final StompSessions server;
  private final Connection connection;
  private final long begun;
  private final List<ClientFrame> held = new ArrayList<>(0);
  private int heldBytes;
  private StompVersion version = StompVersion.V1_0;
  private HeartBeats heartBeats = new HeartBeats(0, 0);
  private @Nullable SharedSession shared;
  private Frames.Payload carrier = Frames.Payload.TEXT;
  private boolean ended;

  /**
   * @param begun {@link System#nanoTime} of the handshake's beginning
   */
  Connecting(StompSession session, StompSessions server, Connection connection, long begun) {
    this.session = session;
    this.server = server;
    this.connection = connection;
    this.begun = begun;
    connection.wheel().after(server.properties().connectTimeout().toMillis(), this::deadline);
  }

  long begun() {
    return begun;
  }

  StompVersion version() {
    return version;
  }

  /** Of the message that brought CONNECT; until then, of the last. */
  Frames.Payload carrier() {
    return carrier;
  }

  void carriedBy(Frames.Payload kind) {
    carrier = kind;
  }

  HeartBeats heartBeats() {
    return heartBeats;
  }

  /** The shared session, once it is open; null without one. */
  @Nullable SharedSession shared() {
    return shared;
  }

  /**
   * Agrees with a client's first frame on version and heart-beats.
   *
   * @throws StompException if there is no agreement, or it is not CONNECT
   */
  void agree(ClientFrame connect) {
    if (!connect.command().connects()) {
      throw new StompException("The first frame must be CONNECT.", connect.header("receipt"));
    }
    version =
        StompVersion.negotiate(connect.header("accept-version"))
            .orElseThrow(
                () ->
                    new StompException(
                        "There is no common STOMP version; this server speaks "
                            + StompVersion.SUPPORTED
                            + ".",
                        null,
                        CloseCode.PROTOCOL_ERROR,
                        List.of(new Header("version", StompVersion.SUPPORTED))));
    String beats = connect.header("heart-beat");
    if (beats != null) {
      heartBeats = HeartBeats.agree(beats, server.properties());
    }
    connection.closeCodes(closeCodes(connect));
    clientId(connect); // refused before the application hears of it
  }

  /**
   * Keeps a frame that came before CONNECTED could be sent. Reading is paused, so this is what one
   * read has brought; but where messages are compressed, that may be a thousand times as much.
   *
   * @throws StompException if it is more than is kept
   */
  void hold(ClientFrame frame) {
    heldBytes += frame.size();
    if (heldBytes > MOST_HELD) {
      held.clear();
      throw StompException.exceeds(
          Limit.BODY,
          "Too much came before CONNECTED; at most " + MOST_HELD + " bytes can wait.",
          frame.header("receipt"),
          CloseCode.TOO_BIG);
    }
    held.add(frame);
  }

  /**
   * The application has accepted CONNECT: opens the shared session that it asks for, and then the
   * session is connected.
   *
   * @throws StompException if its client-id is none
   */
  void open(ClientFrame connect) {
    String clientId = clientId(connect);
    if (clientId == null) {
      connected();
      return;
    }
    connection.pause(Pause.CONNECTING);
    Principal user = session.user();
    server
        .shared()
        .open(clientId, user == null ? "" : user.getName(), new Socket())
        .whenComplete(
            (opened, failure) -> {
              if (failure != null) {
                session.fail(unavailable(failure), null);
              } else if (opened.isEmpty()) {
                session.fail(new StompException("The client-id is another user's."), null);
              } else {
                opened(opened.get());
              }
            });
  }

  private void opened(SharedSession opened) {
    if (ended || session.hasEnded()) {
      opened.end();
    } else {
      shared = opened;
      connected();
    }
  }

  private void connected() {
    List<ClientFrame> frames = List.copyOf(held);
    held.clear();
    session.connected(frames);
  }

  /** The deadline has passed in this state. */
  void tooLate(SessionState state) {
    held.clear();
    String told = "Session {} was not connected within drumline.stomp.connect-timeout ({}): {}";
    Duration timeout = server.properties().connectTimeout();
    if (state == SessionState.NEGOTIATING) {
      log.debug(told, session.id(), timeout, state.activity()); // the client's own doing
    } else {
      server.log().warn(state.text(), told, session.id(), timeout, state.activity());
    }
  }

  /** The client has left, or its socket has ended; idempotent. */
  void end() {
    ended = true;
    if (shared != null) {
      shared.end();
    }
  }

  private long deadline() {
    session.connectTimeout();
    return 0;
  }

  private static CloseCode.Range closeCodes(ClientFrame connect) {
    String codes = connect.header(CLOSE_CODES);
    if (codes == null || codes.equals("standard")) {
      return CloseCode.Range.STANDARD;
    }
    if (codes.equals("private")) {
      return CloseCode.Range.PRIVATE;
    }
    throw new StompException(
        "The close-codes header must be standard or private, but is '"
            + Sentences.shorten(codes)
            + "'.");
  }

  private static @Nullable String clientId(ClientFrame connect) {
    String clientId = connect.header(CLIENT_ID);
    if (clientId != null && !CLIENT_IDS.matcher(clientId).matches()) {
      throw new StompException(
          "The client-id must be 1 to 64 letters, digits or any of . _ ~ -, but is '"
              + Sentences.shorten(clientId)
              + "'.");
    }
    return clientId;
  }

  private static StompException unavailable(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    return new StompException(
        cause instanceof BackplaneException
            ? String.valueOf(cause.getMessage())
            : "The session cannot be opened now; the backplane did not answer in time.",
        null,
        CloseCode.TRY_AGAIN_LATER);
  }

  /** The connection, as the shared session sees it. */
  private final class Socket implements ClientSocket {
    @Override
    public void execute(Runnable task) {
      connection.execute(task);
    }

    @Override
    public void after(long millis, LongSupplier timer) {
      connection.wheel().after(millis, timer::getAsLong);
    }

    @Override
    public void ping(long number) {
      connection.ping(number);
    }

    @Override
    public void fenced() {
      connection.close(CloseCode.FENCED, "This client-id has connected elsewhere.");
    }
  }
}
