package io.drumline.stomp.spring;

import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.springframework.context.event.EventListener;
import org.springframework.messaging.simp.SimpMessageHeaderAccessor;
import org.springframework.web.socket.messaging.AbstractSubProtocolEvent;

/** Notes all events of all sessions. */
class SessionEvents {
  private final List<AbstractSubProtocolEvent> events = new CopyOnWriteArrayList<>();

  @EventListener
  void on(AbstractSubProtocolEvent event) {
    events.add(event);
  }

  /** Every session that some event tells of. */
  Set<String> sessions() {
    return events.stream().map(SessionEvents::sessionId).collect(Collectors.toSet());
  }

  /** The events of one session, in their order. */
  List<AbstractSubProtocolEvent> of(String sessionId) {
    return events.stream().filter(event -> sessionId.equals(sessionId(event))).toList();
  }

  /** The events of one session of this type. */
  <T extends AbstractSubProtocolEvent> List<T> of(String sessionId, Class<T> type) {
    return of(sessionId).stream().filter(type::isInstance).map(type::cast).toList();
  }

  /** The ids of all sessions so far whose CONNECT had this host header. */
  List<String> sessionsOf(String host) {
    return events.stream()
        .filter(
            event ->
                host.equals(
                    SimpMessageHeaderAccessor.getFirstNativeHeader(
                        "host", event.getMessage().getHeaders())))
        .map(SessionEvents::sessionId)
        .toList();
  }

  private static String sessionId(AbstractSubProtocolEvent event) {
    return SimpMessageHeaderAccessor.getSessionId(event.getMessage().getHeaders());
  }
}
