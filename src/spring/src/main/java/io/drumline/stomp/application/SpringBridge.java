package io.drumline.stomp.application;

import io.drumline.message.CloseCode;
import io.drumline.stomp.client.Client;
import io.drumline.stomp.client.Pending;
import io.drumline.stomp.codec.ClientCommand;
import io.drumline.stomp.codec.ClientFrame;
import io.drumline.stomp.codec.Sentences;
import io.drumline.stomp.codec.StompException;
import io.drumline.tracing.Span;
import io.drumline.tracing.Spans;
import java.security.Principal;
import java.util.Collection;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessagingException;
import org.springframework.messaging.simp.SimpAttributes;
import org.springframework.messaging.simp.SimpAttributesContextHolder;
import org.springframework.messaging.simp.broker.AbstractBrokerMessageHandler;
import org.springframework.messaging.support.AbstractSubscribableChannel;
import org.springframework.messaging.support.ImmutableMessageChannelInterceptor;
import org.springframework.web.socket.CloseStatus;
import org.springframework.web.socket.messaging.AbstractSubProtocolEvent;
import org.springframework.web.socket.messaging.SessionConnectEvent;
import org.springframework.web.socket.messaging.SessionConnectedEvent;
import org.springframework.web.socket.messaging.SessionDisconnectEvent;
import org.springframework.web.socket.messaging.SessionSubscribeEvent;
import org.springframework.web.socket.messaging.SessionUnsubscribeEvent;

/**
 * Passes client frames to Spring as its own STOMP handler would: the same messages and headers,
 * interceptors, session attributes and events. Called on the connection's event loop; Spring and
 * the application run on the session's serial executor, in order, never on an event loop.
 */
public final class SpringBridge {
  private static final Logger log = LoggerFactory.getLogger(SpringBridge.class);

  /** Text that is not meant for people: qualified names, and the JVM's own messages. */
  private static final Pattern CODE =
      Pattern.compile("\\w+\\.\\w+\\.\\w+|Exception|Cannot invoke|[\\w]+\\(\\)");

  /** Bytes counted for an event without a frame. */
  private static final int EVENT_BYTES = 500;

  private final AbstractSubscribableChannel clientInbound;
  private final ApplicationQueue queue;
  private final ApplicationEventPublisher events;
  private final Collection<String> applicationPrefixes;
  private final Unmapped unmapped;
  private final @Nullable Spans spans;
  private volatile boolean intercepting;

  public SpringBridge(
      AbstractSubscribableChannel clientInbound,
      ApplicationQueue queue,
      ApplicationEventPublisher events,
      Collection<String> applicationPrefixes,
      Unmapped unmapped,
      @Nullable Spans spans) {
    this.clientInbound = clientInbound;
    this.queue = queue;
    this.events = events;
    this.applicationPrefixes = applicationPrefixes;
    this.unmapped = unmapped;
    this.spans = spans;
  }

  /**
   * Checks whether the inbound channel has interceptors; called before the first client connects.
   */
  public void start() {
    intercepting =
        clientInbound.getInterceptors().stream()
            .anyMatch(
                interceptor ->
                    !(interceptor instanceof ImmutableMessageChannelInterceptor)
                        && !(interceptor instanceof InboundDoor)
                        && interceptor.getClass().getEnclosingClass()
                            != AbstractBrokerMessageHandler.class);
  }

  /**
   * Whether the application intercepts client messages, so that all must pass through the inbound
   * channel.
   */
  public boolean intercepting() {
    return intercepting;
  }

  /** Whether this is an application destination, such as {@code /app/**}. */
  public boolean isForApplication(String destination) {
    for (String prefix : applicationPrefixes) {
      if (destination.startsWith(prefix)) {
        return true;
      }
    }
    return false;
  }

  ApplicationQueue queue() {
    return queue;
  }

  /**
   * Sends a frame through the inbound channel.
   *
   * @throws StompException if application code is too far behind
   */
  public void dispatch(Client client, ClientFrame frame, Pending.Slot slot) {
    Inbound inbound = new Inbound(client, frame, slot);
    queue.add(client, frame.size(), () -> send(inbound));
  }

  /**
   * Publishes the event of a client that connects.
   *
   * @throws StompException if application code is too far behind
   */
  public void connectEvent(Client client, ClientFrame frame) {
    queue.add(
        client,
        frame.size(),
        () ->
            publish(
                new SessionConnectEvent(
                    this, SpringMessages.ofClient(client, frame, null), client.user())));
  }

  public void connectedEvent(Client client) {
    later(
        client,
        () ->
            publish(
                new SessionConnectedEvent(this, SpringMessages.connected(client), client.user())));
  }

  /**
   * Publishes the event of a subscription, unless the frame passed through the inbound channel,
   * which publishes it.
   *
   * @throws StompException if application code is too far behind
   */
  public void subscribeEvent(Client client, ClientFrame frame) {
    if (!intercepting) {
      event(
          client,
          frame,
          message -> publish(new SessionSubscribeEvent(this, message, client.user())));
    }
  }

  /** As {@link #subscribeEvent}. */
  public void unsubscribeEvent(Client client, ClientFrame frame) {
    if (!intercepting) {
      event(
          client,
          frame,
          message -> publish(new SessionUnsubscribeEvent(this, message, client.user())));
    }
  }

  /** A client may cause any number of these events, so they count as frames in flight. */
  private void event(Client client, ClientFrame frame, Consumer<Message<byte[]>> publication) {
    int size = frame.size();
    client.pending().eventBegins(size);
    queue.add(
        client,
        size,
        () -> {
          try {
            publication.accept(SpringMessages.ofClient(client, frame, null));
          } finally {
            client.onLoop(() -> client.pending().eventEnds(size));
          }
        });
  }

  public void disconnected(Client client, int closeCode) {
    Principal user = client.user();
    log.atDebug()
        .addKeyValue("stomp.session", client.id())
        .addKeyValue("user.name", user == null ? null : user.getName())
        .addKeyValue("stomp.close_code", closeCode)
        .log("Session {} ended with {}", client.id(), closeCode);
    queue.forget(client);
    later(
        client,
        () -> {
          Message<byte[]> message = SpringMessages.disconnect(client);
          CloseStatus status = new CloseStatus(closeCode);
          publish(new SessionDisconnectEvent(this, message, client.id(), status, client.user()));
          try {
            if (intercepting) {
              SimpAttributesContextHolder.setAttributesFromMessage(message);
              clientInbound.send(message);
            }
          } catch (RuntimeException refused) {
            log.debug("The end of session {} was refused", client.id(), cause(refused));
          } finally {
            SimpAttributesContextHolder.resetAttributes();
            SimpAttributes.fromMessage(message).sessionCompleted();
          }
        });
  }

  private void send(Inbound inbound) {
    Client client = inbound.client;
    if (client.isExpelled()) {
      return;
    }
    ClientFrame frame = inbound.frame;
    boolean sent;
    try {
      Message<byte[]> message = SpringMessages.ofClient(client, frame, inbound);
      SimpAttributesContextHolder.setAttributesFromMessage(message);
      sent = passOn(message, frame);
      StompException refusal = unmapped.check(inbound, clientInbound);
      if (refusal != null) {
        client.onLoop(() -> client.fail(refusal, inbound.slot.receipt()));
        return;
      }
      ClientFrame taken = inbound.taken;
      if (taken != null) {
        client.onLoop(() -> client.handler().serve(taken, inbound.slot));
      }
      if (sent) {
        publishFor(frame.command(), message, client.user());
      }
    } catch (RuntimeException refused) {
      log.debug("A {} of session {} was refused", frame.command(), client.id(), cause(refused));
      client.onLoop(() -> client.fail(refusal(refused), inbound.slot.receipt()));
      return;
    } catch (Error e) {
      client.onLoop(() -> client.fail(failed(), inbound.slot.receipt()));
      throw e; // to be counted
    } finally {
      SimpAttributesContextHolder.resetAttributes();
    }
    if (inbound.taken != null) {
      return;
    }
    if (frame.command().connects()) {
      client.onLoop(() -> client.fail(new StompException("The connection was refused.")));
    } else if (sent) {
      client.onLoop(() -> inbound.slot.done());
    } else {
      client.onLoop(() -> inbound.slot.drop());
    }
  }

  /** Sends a message through the channel; for application code, in a span of its own. */
  private boolean passOn(Message<byte[]> message, ClientFrame frame) {
    Spans spans = this.spans;
    String destination = frame.header("destination");
    if (spans == null
        || frame.command() != ClientCommand.SEND
        || destination == null
        || !isForApplication(destination)) {
      return clientInbound.send(message);
    }
    Span span = spans.received(destination, frame::header);
    try {
      return span.in(() -> clientInbound.send(message));
    } catch (RuntimeException refused) {
      span.error(refused);
      throw refused;
    } finally {
      span.end(null);
    }
  }

  private void publishFor(
      ClientCommand command, Message<byte[]> message, @Nullable Principal user) {
    switch (command) {
      case CONNECT, STOMP -> publish(new SessionConnectEvent(this, message, user));
      case SUBSCRIBE -> publish(new SessionSubscribeEvent(this, message, user));
      case UNSUBSCRIBE -> publish(new SessionUnsubscribeEvent(this, message, user));
      default -> {
        // Spring has no event for the others
      }
    }
  }

  /**
   * Publishes an event; listeners may use beans of the session's scope. A listener's failure does
   * not affect the session, as in Spring.
   */
  private void publish(AbstractSubProtocolEvent event) {
    try {
      SimpAttributesContextHolder.setAttributesFromMessage(event.getMessage());
      events.publishEvent(event);
    } catch (RuntimeException failure) {
      log.error("A listener failed on a {}", event.getClass().getSimpleName(), cause(failure));
    } finally {
      SimpAttributesContextHolder.resetAttributes();
    }
  }

  /** Spring's own exceptions contain the whole message, including a CONNECT's token or passcode. */
  private static @Nullable Throwable cause(RuntimeException failure) {
    return failure instanceof MessagingException ? failure.getCause() : failure;
  }

  private void later(Client client, Runnable task) {
    queue.addSurely(client, EVENT_BYTES, task);
  }

  private static StompException failed() {
    return new StompException("The server failed; reconnect.", null, CloseCode.INTERNAL_ERROR);
  }

  /**
   * The error for the client: the application's own sentence, if it gave one, never a class name.
   */
  private static StompException refusal(RuntimeException refused) {
    Throwable cause = refused;
    while (cause instanceof MessagingException
        && cause.getCause() != null
        && cause.getCause() != cause) {
      cause = cause.getCause();
    }
    String sentence = cause.getMessage();
    return new StompException(
        sentence == null || sentence.isBlank() || CODE.matcher(sentence).find()
            ? "The message was refused."
            : Sentences.shorten(sentence, 200));
  }
}
