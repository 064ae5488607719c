package io.drumline.stomp;

import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.web.servlet.handler.AbstractUrlHandlerMapping;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.handler.WebSocketHandlerDecorator;
import org.springframework.web.socket.messaging.SubProtocolHandler;
import org.springframework.web.socket.messaging.SubProtocolWebSocketHandler;
import org.springframework.web.socket.server.support.WebSocketHttpRequestHandler;
import org.springframework.web.socket.sockjs.support.SockJsHttpRequestHandler;

/**
 * Stops the start of an application that has another STOMP endpoint, such as the one that
 * {@code @EnableWebSocketMessageBroker} opens on the application's port: its clients would not be
 * authenticated. WebSocket endpoints of other protocols are allowed.
 */
final class ForeignEndpoints implements SmartInitializingSingleton {
  private final ListableBeanFactory beans;

  ForeignEndpoints(ListableBeanFactory beans) {
    this.beans = beans;
  }

  /**
   * @throws ForeignEndpointException if there is another STOMP endpoint
   */
  @Override
  public void afterSingletonsInstantiated() {
    TreeSet<String> found = new TreeSet<>();
    for (Class<?> type :
        new Class<?>[] {SubProtocolWebSocketHandler.class, SubProtocolHandler.class}) {
      for (String name : beans.getBeanNamesForType(type, true, false)) {
        found.add("bean " + name);
      }
    }
    beans
        .getBeansOfType(AbstractUrlHandlerMapping.class, true, false)
        .values()
        .forEach(mapping -> addPaths(mapping.getHandlerMap(), found));
    if (!found.isEmpty()) {
      throw new ForeignEndpointException(String.join(", ", found));
    }
  }

  private static void addPaths(Map<String, Object> handlers, Set<String> found) {
    handlers.forEach(
        (path, handler) -> {
          WebSocketHandler webSocket = webSocketHandler(handler);
          if (webSocket != null
              && WebSocketHandlerDecorator.unwrap(webSocket)
                  instanceof SubProtocolWebSocketHandler) {
            found.add("path " + path);
          }
        });
  }

  private static @Nullable WebSocketHandler webSocketHandler(Object handler) {
    if (handler instanceof WebSocketHttpRequestHandler plain) {
      return plain.getWebSocketHandler();
    }
    return handler instanceof SockJsHttpRequestHandler sockJs ? sockJs.getWebSocketHandler() : null;
  }
}
