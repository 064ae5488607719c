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

/** Frames of clients, and what becomes of their sessions, as Spring's messages. */
final class SpringMessages {
  private static final byte[] NO_PAYLOAD = {};
  private static final String CONTENT_TYPE = "content-type";

  private SpringMessages() {}

  /**
   * A client's frame.
   *
   * @param inbound what the message shall refer to, where it goes through the inbound channel
   * @throws org.springframework.util.InvalidMimeTypeException if the content type of a SEND is none
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
   * Without a content type where there is no content: Spring fails on one that is none, and nobody
   * shall hide by it from those who listen for subscriptions.
   */
  private static List<Header> readable(ClientFrame frame) {
    if (frame.command() == ClientCommand.SEND || frame.header(CONTENT_TYPE) == null) {
      return frame.headers();
    }
    List<Header> headers = new ArrayList<>(frame.headers());
    headers.removeIf(header -> header.name().equals(CONTENT_TYPE));
    return headers;
  }

  /** What the client asked for in CONNECT; what it wrote elsewhere is not looked at. */
  private static long[] heartBeat(ClientFrame frame) {
    String header = frame.command().connects() ? frame.header("heart-beat") : null;
    return header == null ? new long[2] : HeartBeats.read(header);
  }

  /** For the event of a client that is connected. */
  static Message<byte[]> connected(Client client) {
    StompHeaderAccessor accessor = StompHeaderAccessor.create(StompCommand.CONNECTED);
    accessor.setVersion(client.version().text());
    accessor.setHeartbeat(client.heartBeats().send(), client.heartBeats().receive());
    return serverSide(accessor, client);
  }

  /** A DISCONNECT, whether the client has sent one or not. */
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
