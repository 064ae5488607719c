package io.drumline.stomp.application;

import io.drumline.stomp.client.Client;
import io.drumline.stomp.client.HeartBeats;
import io.drumline.stomp.codec.ClientCommand;
import io.drumline.stomp.codec.ClientFrame;
import io.drumline.stomp.codec.Header;
import java.security.Principal;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.messaging.Message;
import org.springframework.messaging.simp.SimpMessageHeaderAccessor;
import org.springframework.messaging.simp.stomp.StompCommand;
import org.springframework.messaging.simp.stomp.StompHeaderAccessor;
import org.springframework.messaging.support.MessageBuilder;

/** Builds Spring's messages from clients' frames and session events. */
final class SpringMessages {
  private static final byte[] NO_PAYLOAD = {};
  private static final String CONTENT_TYPE = "content-type";

  private SpringMessages() {}

  /**
   * The message for a client's frame.
   *
   * @param inbound the reference for the message; null if it does not go through the inbound
   *     channel
   * @throws org.springframework.util.InvalidMimeTypeException if the content type of a SEND is
   *     invalid
   */
  static Message<byte[]> ofClient(Client client, ClientFrame frame, @Nullable Inbound inbound) {
    StompHeaderAccessor accessor =
        StompHeaderAccessor.create(
            StompCommand.valueOf(frame.command().name()),
            SpringHeaders.multiValueMap(readable(frame)));
    accessor.setSessionId(client.id());
    accessor.setSessionAttributes(client.attributes());
    if (frame.command().connects()) {
      accessor.setUserChangeCallback(
          principal -> {
            if (principal != null) {
              client.user(principal);
            }
          });
    }
    Principal user = client.user();
    if (user != null) {
      accessor.setUser(user);
    }
    accessor.setHeader(SimpMessageHeaderAccessor.HEART_BEAT_HEADER, heartBeat(frame));
    if (inbound != null) {
      accessor.setHeader(Inbound.HEADER, inbound);
    }
    accessor.setLeaveMutable(true);
    return MessageBuilder.createMessage(frame.body(), accessor.getMessageHeaders());
  }

  /**
   * Removes the content type of frames without content: Spring fails on an invalid one, and a
   * client must not be able to suppress its subscribe events that way.
   */
  private static List<Header> readable(ClientFrame frame) {
    if (frame.command() == ClientCommand.SEND || frame.header(CONTENT_TYPE) == null) {
      return frame.headers();
    }
    List<Header> headers = new ArrayList<>(frame.headers());
    headers.removeIf(header -> header.name().equals(CONTENT_TYPE));
    return headers;
  }

  /** The heart-beat header of CONNECT; ignored in other frames. */
  private static long[] heartBeat(ClientFrame frame) {
    String header = frame.command().connects() ? frame.header("heart-beat") : null;
    return header == null ? new long[2] : HeartBeats.read(header);
  }

  /** The message for the event of a connected client. */
  static Message<byte[]> connected(Client client) {
    StompHeaderAccessor accessor = StompHeaderAccessor.create(StompCommand.CONNECTED);
    accessor.setVersion(client.version().text());
    accessor.setHeartbeat(client.heartBeats().send(), client.heartBeats().receive());
    return serverSide(accessor, client);
  }

  /** A DISCONNECT, also if the client did not send one. */
  static Message<byte[]> disconnect(Client client) {
    return serverSide(StompHeaderAccessor.create(StompCommand.DISCONNECT), client);
  }

  private static Message<byte[]> serverSide(StompHeaderAccessor accessor, Client client) {
    accessor.setSessionId(client.id());
    accessor.setSessionAttributes(client.attributes());
    accessor.setHeader(Inbound.HEADER, client);
    Principal user = client.user();
    if (user != null) {
      accessor.setUser(user);
    }
    return MessageBuilder.createMessage(NO_PAYLOAD, accessor.getMessageHeaders());
  }
}
