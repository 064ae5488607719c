package io.drumline.stomp.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.Bean;
import org.springframework.web.socket.messaging.AbstractSubProtocolEvent;
import org.springframework.web.socket.messaging.SessionDisconnectEvent;

/** All frames pass through Spring's inbound channel, and an interceptor names the user. */
class InterceptedSessionEventsIT extends SessionEventsContract {
  @Override
  Class<?>[] application() {
    return new Class<?>[] {Users.class};
  }

  @Test
  void everyEventTellsTheUser() {
    try (SpringNode.Session session = node().session("login:ada")) {
      session.client().subscribe("s", "/topic/a");
      session.client().confirmed("UNSUBSCRIBE", "id:s");
      session.client().confirmed("DISCONNECT");
      session.client().expectClose();

      await().until(() -> !events().of(session.id(), SessionDisconnectEvent.class).isEmpty());
      assertThat(events().of(session.id()))
          .hasSize(5)
          .extracting(AbstractSubProtocolEvent::getUser)
          .containsOnly(new Login.User("ada"));
    }
  }

  static class Users {
    @Bean
    Login login() {
      return new Login();
    }
  }
}
