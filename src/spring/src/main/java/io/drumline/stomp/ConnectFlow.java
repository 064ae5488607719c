package io.drumline.stomp;

import io.drumline.hub.Connection;
import io.drumline.hub.Pause;
import io.drumline.message.CloseCode;
import io.drumline.security.Limit;
import io.drumline.session.ClientSocket;
import io.drumline.session.SharedSession;
import io.drumline.stomp.access.Access;
import io.drumline.stomp.access.Refusals;
import io.drumline.stomp.application.SpringBridge;
import io.drumline.stomp.client.Client;
import io.drumline.stomp.client.HeartBeats;
import io.drumline.stomp.client.SessionState;
import io.drumline.stomp.codec.ClientFrame;
import io.drumline.stomp.codec.Header;
import io.drumline.stomp.codec.Sentences;
import io.drumline.stomp.codec.StompException;
import io.drumline.stomp.codec.StompVersion;
import java.security.Principal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A client's steps from its first frame to CONNECTED, in the order of {@link SessionState}: version
 * and heart-beats are negotiated, its login is checked, application code may intercept the CONNECT,
 * its shared session is opened. One deadline covers all steps; any failure ends in {@link
 * Client#fail}. Used on the connection's event loop.
 */
final class ConnectFlow {
  private static final Logger log = LoggerFactory.getLogger(ConnectFlow.class);

  private static final String CLIENT_ID = "client-id";

  /** The header's value is {@code private} for clients that cannot read the close code 1013. */
  private static final String CLOSE_CODES = "close-codes";

  private static final Pattern CLIENT_IDS = Pattern.compile("[A-Za-z0-9._~-]{1,64}");

  private static final String SERVER_NAME = "drumline";

  /** Bytes of frames that may wait for CONNECTED; about the limit in flight later. */
  private static final int MOST_HELD = 4 * 1024 * 1024;

  private final Client client;
  private final Connection connection;
  private final Access access;
  private final NodeServices services;
  private final long begun;
  private final Consumer<ClientFrame> behind;
  private List<ClientFrame> held = List.of(); // in most sessions
  private int heldBytes;

  /**
   * @param begun {@link System#nanoTime} at the start of the handshake
   * @param behind processes the frames that arrived before CONNECTED could be sent
   */
  ConnectFlow(
      Client client,
      Access access,
      NodeServices services,
      long begun,
      Consumer<ClientFrame> behind) {
    this.client = client;
    this.connection = client.connection();
    this.access = access;
    this.services = services;
    this.begun = begun;
    this.behind = behind;
    connection.wheel().after(services.properties().connectTimeout().toMillis(), this::deadline);
  }

  /**
   * Handles the client's first frame.
   *
   * @throws StompException if it is not CONNECT, or negotiation fails
   */
  void begin(ClientFrame connect) {
    if (!connect.command().connects()) {
      throw new StompException("The first frame must be CONNECT.", connect.header("receipt"));
    }
    client.version(version(connect)); // first: an ERROR is written in this version
    client.heartBeats(heartBeats(connect));
    connection.closeCodes(closeCodes(connect));
    String clientId = clientId(connect); // rejected before the application sees the CONNECT
    client.to(SessionState.AUTHENTICATING);
    access.authenticate(connect, clientId, () -> authenticated(connect));
  }

  private void authenticated(ClientFrame connect) {
    SpringBridge bridge = services.bridge();
    if (bridge.intercepting()) {
      client.to(SessionState.INTERCEPTING);
      connection.pause(Pause.CONNECTING);
      bridge.dispatch(client, connect, client.pending().open(null, 0));
    } else {
      bridge.connectEvent(client, connect);
      open(connect);
    }
  }

  /**
   * Continues after the application's interceptors have passed the CONNECT; no effect if they pass
   * it twice.
   *
   * @throws StompException if the user set by the application may not connect
   */
  void intercepted(ClientFrame connect) {
    if (client.state() == SessionState.INTERCEPTING) {
      client.to(SessionState.CHECKING);
      access.accepted(connect.header(CLIENT_ID), () -> open(connect));
    }
  }

  private void open(ClientFrame connect) {
    client.to(SessionState.OPENING);
    String clientId = clientId(connect);
    if (clientId == null) {
      connected();
      return;
    }
    connection.pause(Pause.CONNECTING);
    Principal user = client.user();
    services
        .shared()
        .open(clientId, user == null ? "" : user.getName(), new Socket())
        .whenComplete(
            (opened, failure) -> {
              if (failure != null) {
                client.fail(
                    Refusals.unavailable(
                        failure,
                        "The session cannot be opened now; the backplane did not answer in time."));
              } else if (opened.isEmpty()) {
                client.fail(new StompException("The client-id is another user's."));
              } else {
                opened(opened.get());
              }
            });
  }

  private void opened(SharedSession opened) {
    if (client.hasEnded()) {
      opened.end();
    } else {
      client.shared(opened);
      connected();
    }
  }

  private void connected() {
    if (client.state() != SessionState.OPENING || !connection.open()) {
      return;
    }
    List<ClientFrame> frames = held;
    held = List.of();
    client.connected(headers());
    services.metrics().connected(begun);
    services.bridge().connectedEvent(client);
    client.heartBeats().start(connection, client.carrier());
    connection.goOn(Pause.CONNECTING);
    frames.forEach(behind);
  }

  /**
   * Keeps a frame that arrived before CONNECTED could be sent. Reading is paused, so the frames
   * come from a single read; but a compressed one may expand to a thousand times its size.
   *
   * @throws StompException if too many bytes wait
   */
  void hold(ClientFrame frame) {
    heldBytes += frame.size();
    if (heldBytes > MOST_HELD) {
      held = List.of();
      throw StompException.exceeds(
          Limit.BODY,
          "Too much came before CONNECTED; at most " + MOST_HELD + " bytes can wait.",
          frame.header("receipt"),
          CloseCode.TOO_BIG);
    }
    if (held.isEmpty()) {
      held = new ArrayList<>();
    }
    held.add(frame);
  }

  /** Sends an ERROR if the client still waits for CONNECTED. Later answers have no effect. */
  private long deadline() {
    SessionState state = client.state();
    if (state.isConnecting() && connection.open()) {
      held = List.of();
      Duration timeout = services.properties().connectTimeout();
      services.metrics().connectTimeout(state);
      log(state, timeout);
      client.fail(
          new StompException(
              "You were not connected within %d ms, because %s."
                  .formatted(timeout.toMillis(), state.activity()),
              null,
              CloseCode.CONNECT_TIMEOUT));
    }
    return 0;
  }

  private void log(SessionState state, Duration timeout) {
    String told = "Session {} was not connected within drumline.stomp.connect-timeout ({}): {}";
    if (state == SessionState.NEGOTIATING) {
      log.debug(told, client.id(), timeout, state.activity()); // caused by the client
    } else {
      services.log().warn(state.text(), told, client.id(), timeout, state.activity());
    }
  }

  private List<Header> headers() {
    List<Header> headers = new ArrayList<>(7);
    headers.add(new Header("version", client.version().text()));
    headers.add(new Header("session", client.id()));
    headers.add(new Header("server", SERVER_NAME));
    headers.add(new Header("node", services.node().value()));
    HeartBeats beats = client.heartBeats();
    headers.add(new Header("heart-beat", beats.send() + "," + beats.receive()));
    Principal user = client.user();
    if (user != null) {
      headers.add(new Header("user-name", user.getName()));
    }
    SharedSession shared = client.shared();
    if (shared != null) {
      headers.add(new Header("session-resumed", Boolean.toString(shared.resumed())));
    }
    return headers;
  }

  private static StompVersion version(ClientFrame connect) {
    return StompVersion.negotiate(connect.header("accept-version"))
        .orElseThrow(
            () ->
                new StompException(
                    "There is no common STOMP version; this server speaks "
                        + StompVersion.SUPPORTED
                        + ".",
                    null,
                    CloseCode.PROTOCOL_ERROR,
                    List.of(new Header("version", StompVersion.SUPPORTED))));
  }

  private HeartBeats heartBeats(ClientFrame connect) {
    String header = connect.header("heart-beat");
    return header == null ? HeartBeats.NONE : HeartBeats.agree(header, services.properties());
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

  /** The connection as seen by the shared session. */
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
