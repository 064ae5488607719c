package io.drumline.stomp.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.drumline.testing.StompClient;
import jakarta.annotation.PreDestroy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Scope;
import org.springframework.context.annotation.ScopedProxyMode;
import org.springframework.context.event.EventListener;
import org.springframework.messaging.handler.annotation.MessageMapping;
import org.springframework.messaging.simp.annotation.SendToUser;
import org.springframework.web.socket.messaging.SessionConnectEvent;
import org.springframework.web.socket.messaging.SessionConnectedEvent;
import org.springframework.web.socket.messaging.SessionDisconnectEvent;
import org.springframework.web.socket.messaging.SessionSubscribeEvent;
import org.springframework.web.socket.messaging.SessionUnsubscribeEvent;

/** Beans of scope "websocket": one a session, for methods, listeners and interceptors alike. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class WebSocketScopeContract {
  private SpringNode node;
  private List<List<String>> destroyed;

  /** The application of this kind, beside {@link Application}. */
  abstract Class<?>[] application();

  @BeforeAll
  void start() {
    List<Class<?>> classes = new ArrayList<>(List.of(application()));
    classes.add(Application.class);
    node = SpringNode.start(classes.toArray(Class<?>[]::new));
    destroyed = node.bean(Destroyed.class).baskets;
  }

  @AfterAll
  void stop() {
    node.close();
  }

  @BeforeEach
  void forget() {
    destroyed.clear();
  }

  SpringNode node() {
    return node;
  }

  List<List<String>> destroyed() {
    return destroyed;
  }

  @Test
  void eachSessionHasItsOwnBean() {
    try (StompClient one = node.client();
        StompClient two = node.client()) {
      one.subscribe("s", "/user/queue/basket");
      two.subscribe("s", "/user/queue/basket");

      one.publish("/app/basket", "apple");
      one.expectMessage("connect, connected, subscribe, apple");
      one.publish("/app/basket", "pear");
      one.expectMessage("connect, connected, subscribe, apple, pear");
      two.publish("/app/basket", "plum");
      two.expectMessage("connect, connected, subscribe, plum");
    }
    await().until(() -> destroyed.size() == 2);
  }

  @Test
  void theBeanIsDestroyedAtTheSessionsEndAfterItsListeners() {
    try (StompClient client = node.client()) {
      client.subscribe("s", "/topic/a");
      client.confirmed("UNSUBSCRIBE", "id:s");
      client.confirmed("DISCONNECT");
      client.expectClose();
    }

    await().until(() -> !destroyed.isEmpty());
    assertThat(destroyed)
        .containsExactly(List.of("connect", "connected", "subscribe", "unsubscribe", "disconnect"));
  }

  /** What the application is made of. */
  static class Application {
    @Bean
    Destroyed destroyed() {
      return new Destroyed();
    }

    @Bean
    @Scope(scopeName = "websocket", proxyMode = ScopedProxyMode.TARGET_CLASS)
    Basket basket(Destroyed destroyed) {
      return new Basket(destroyed);
    }

    @Bean
    Calls calls(Basket basket) {
      return new Calls(basket);
    }

    @Bean
    Listeners listeners(Basket basket) {
      return new Listeners(basket);
    }
  }

  static class Destroyed {
    final List<List<String>> baskets = new CopyOnWriteArrayList<>();
  }

  static class Basket {
    private final List<String> things = new CopyOnWriteArrayList<>();
    private final Destroyed destroyed;

    Basket(Destroyed destroyed) {
      this.destroyed = destroyed;
    }

    void add(String thing) {
      things.add(thing);
    }

    String contents() {
      return String.join(", ", things);
    }

    @PreDestroy
    void destroy() {
      destroyed.baskets.add(List.copyOf(things));
    }
  }

  static class Listeners {
    private final Basket basket;

    Listeners(Basket basket) {
      this.basket = basket;
    }

    @EventListener
    void on(SessionConnectEvent event) {
      basket.add("connect");
    }

    @EventListener
    void on(SessionConnectedEvent event) {
      basket.add("connected");
    }

    @EventListener
    void on(SessionSubscribeEvent event) {
      basket.add("subscribe");
    }

    @EventListener
    void on(SessionUnsubscribeEvent event) {
      basket.add("unsubscribe");
    }

    @EventListener
    void on(SessionDisconnectEvent event) {
      basket.add("disconnect");
    }
  }

  @TestController
  static class Calls {
    private final Basket basket;

    Calls(Basket basket) {
      this.basket = basket;
    }

    @MessageMapping("/basket")
    @SendToUser("/queue/basket")
    String add(String thing) {
      basket.add(thing);
      return basket.contents();
    }
  }
}
