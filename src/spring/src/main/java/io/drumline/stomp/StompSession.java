package io.drumline.stomp;

import io.drumline.hub.Connection;
import io.drumline.hub.Frames;
import io.drumline.session.SharedSession;
import io.drumline.stomp.access.Access;
import io.drumline.stomp.access.Pace;
import io.drumline.stomp.client.Client;
import io.drumline.stomp.client.Pending;
import io.drumline.stomp.client.SessionState;
import io.drumline.stomp.codec.ClientFrame;
import io.drumline.stomp.codec.StompException;
import io.drumline.stomp.settings.StompProperties;
import io.drumline.stomp.subscription.StompSubscriptions;
import io.netty.buffer.ByteBuf;
import java.util.function.Consumer;

/**
 * One client's STOMP session: its frames go to the {@link ConnectFlow} until the client is
 * connected, and then to {@link ConnectedFrames}. Errors of the client are answered with an ERROR
 * frame and close the connection; no method throws them. Used on the connection's event loop.
 */
public final class StompSession {
  private final NodeServices services;
  private final Consumer<Client> whenEnded;
  private final Consumer<ClientFrame> decoded = this::decoded;
  private final Client client;
  private final Pace pace;
  private final Access access;
  private final StompSubscriptions subscriptions;
  private final ConnectFlow connecting;
  private final FrameRouter router;
  private final ConnectedFrames connected;

  /**
   * @param begun {@link System#nanoTime} at the start of the handshake
   * @param whenEnded called when the connection has ended
   */
  StompSession(
      NodeServices services, Connection connection, long begun, Consumer<Client> whenEnded) {
    this.services = services;
    this.whenEnded = whenEnded;
    StompProperties properties = services.properties();
    client =
        new Client(
            connection,
            services.frameLimits(),
            properties.maxInFlight(),
            this::serve,
            services.metrics(),
            services.guard().limits());
    pace = new Pace(connection, properties.rate(), services.guard().limits());
    access =
        new Access(
            client,
            services.guard(),
            services.newDestinations(),
            properties.maxHeaderSize().toBytes());
    subscriptions =
        new StompSubscriptions(client, access, services.hub(), services.bridge(), properties);
    connecting = new ConnectFlow(client, access, services, begun, this::frame);
    router =
        new FrameRouter(
            client, access, services.bridge(), services.publisher(), subscriptions, connecting);
    connected = new ConnectedFrames(client, router, properties);
  }

  Client client() {
    return client;
  }

  /**
   * A WebSocket message of this kind begins; the kind of the CONNECT's message is used for ours.
   */
  public void carriedBy(Frames.Payload kind) {
    client.carriedBy(kind);
  }

  /**
   * Decodes the next bytes of the client's byte stream, split at any point. Does not keep or
   * release the buffer.
   */
  public void received(ByteBuf bytes) {
    if (client.hasEnded()) {
      return;
    }
    services.metrics().received(bytes.readableBytes());
    try {
      pace.received(bytes.readableBytes());
      client.decode(bytes, decoded);
    } catch (StompException error) {
      client.fail(error);
    }
  }

  private void decoded(ClientFrame frame) {
    pace.brought();
    frame(frame);
  }

  private void frame(ClientFrame frame) {
    switch (client.state()) {
      case NEGOTIATING -> connecting.begin(frame);
      case AUTHENTICATING, CHECKING, INTERCEPTING, OPENING -> connecting.hold(frame);
      case CONNECTED -> connected.accept(frame);
      case DISCONNECTING, ENDED -> {
        // frames after a DISCONNECT or an error are ignored
      }
    }
  }

  private void serve(ClientFrame frame, Pending.Slot slot) {
    router.serve(frame, slot);
  }

  /** Counts a WebSocket control frame with a payload of this many bytes. */
  public void controlled(int bytes) {
    if (client.state() != SessionState.ENDED) {
      try {
        pace.received(bytes);
      } catch (StompException error) {
        client.fail(error);
      }
    }
  }

  /** Handles a pong that carries a number. */
  public void pong(long number) {
    SharedSession shared = client.shared();
    if (shared != null) {
      shared.pong(number);
    }
  }

  /**
   * Ends the session: the connection has closed with this close code (1006: without one). Called
   * once.
   */
  public void ended(int closeCode) {
    client.end();
    client.endShared();
    access.end();
    subscriptions.cancel();
    whenEnded.accept(client);
    if (client.application() != null) { // else the application does not know this session
      services.bridge().disconnected(client, closeCode);
    }
  }
}
