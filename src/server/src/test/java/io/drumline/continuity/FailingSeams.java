package io.drumline.continuity;

import io.drumline.backplane.Backplane;
import io.drumline.backplane.ControlChannel;
import io.drumline.backplane.NodeRegistry;
import io.drumline.backplane.Receiver;
import io.drumline.backplane.Revocations;
import io.drumline.backplane.SessionStore;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Primary;
import org.springframework.context.annotation.Profile;
import org.springframework.context.event.EventListener;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageChannel;
import org.springframework.messaging.handler.annotation.MessageMapping;
import org.springframework.messaging.handler.annotation.SendTo;
import org.springframework.messaging.simp.config.ChannelRegistration;
import org.springframework.messaging.support.ChannelInterceptor;
import org.springframework.stereotype.Controller;
import org.springframework.web.socket.config.annotation.WebSocketMessageBrokerConfigurer;
import org.springframework.web.socket.messaging.AbstractSubProtocolEvent;
import org.springframework.web.socket.messaging.SessionConnectEvent;
import org.springframework.web.socket.messaging.SessionConnectedEvent;
import org.springframework.web.socket.messaging.SessionDisconnectEvent;
import org.springframework.web.socket.messaging.SessionSubscribeEvent;
import org.springframework.web.socket.messaging.SessionUnsubscribeEvent;

/**
 * The places of a node where a campaign's injections fail: each method of the seams to Redis, an
 * application's listeners, handlers and interceptors. Its steps are found in the interfaces, so
 * that a new method is one, too.
 */
final class FailingSeams {
  static final String INTERCEPTOR = "ChannelInterceptor.preSend";
  static final String HANDLER = "MessageMapping.echo";

  private static final List<Class<?>> SEAMS =
      List.of(
          Backplane.class,
          Receiver.class,
          SessionStore.class,
          SessionStore.Listener.class,
          NodeRegistry.class,
          Revocations.class,
          ControlChannel.class,
          ControlChannel.Listener.class);

  private static final List<Class<? extends AbstractSubProtocolEvent>> EVENTS =
      List.of(
          SessionConnectEvent.class,
          SessionConnectedEvent.class,
          SessionSubscribeEvent.class,
          SessionUnsubscribeEvent.class,
          SessionDisconnectEvent.class);

  /** Beginning and end of a node, and looks at its state, which cannot fail by a message. */
  private static final Set<String> NO_STEPS =
      Set.of("start", "close", "leave", "listen", "watch", "available", "status");

  private final Injections injections;

  FailingSeams(Injections injections) {
    this.injections = injections;
  }

  /** The names of all steps. */
  static Set<String> steps() {
    Set<String> steps = new TreeSet<>(Set.of(INTERCEPTOR, HANDLER));
    SEAMS.forEach(
        seam ->
            Arrays.stream(seam.getMethods())
                .filter(FailingSeams::isStep)
                .forEach(method -> steps.add(name(seam, method))));
    EVENTS.forEach(event -> steps.add(event.getSimpleName()));
    return steps;
  }

  /** The steps that promise an answer. */
  static Set<String> answering() {
    Set<String> steps = new TreeSet<>();
    SEAMS.forEach(
        seam ->
            Arrays.stream(seam.getMethods())
                .filter(FailingSeams::isStep)
                .filter(method -> CompletionStage.class.isAssignableFrom(method.getReturnType()))
                .forEach(method -> steps.add(name(seam, method))));
    return steps;
  }

  private static boolean isStep(Method method) {
    return method.getDeclaringClass() != Object.class && !NO_STEPS.contains(method.getName());
  }

  private static String name(Class<?> seam, Method method) {
    String name = seam.getName();
    return name.substring(name.lastIndexOf('.') + 1).replace('$', '.') + '.' + method.getName();
  }

  private <T> T failing(Class<T> seam, Object real) {
    return seam.cast(
        Proxy.newProxyInstance(
            seam.getClassLoader(),
            new Class<?>[] {seam},
            (proxy, method, arguments) -> {
              if (!isStep(method)) {
                return invoke(method, real, wrapped(arguments));
              }
              return injections.call(name(seam, method), () -> invoke(method, real, arguments));
            }));
  }

  /** What a seam calls back is a seam itself. */
  private Object[] wrapped(Object[] arguments) {
    if (arguments == null) {
      return new Object[0];
    }
    return Arrays.stream(arguments).map(this::wrapped).toArray();
  }

  private Object wrapped(Object argument) {
    if (argument instanceof Receiver receiver) {
      return failing(Receiver.class, receiver);
    } else if (argument instanceof SessionStore.Listener listener) {
      return failing(SessionStore.Listener.class, listener);
    } else if (argument instanceof ControlChannel.Listener listener) {
      return failing(ControlChannel.Listener.class, listener);
    }
    return argument;
  }

  private static Object invoke(Method method, Object real, Object[] arguments) throws Exception {
    try {
      method.setAccessible(true); // the seams' forms are package-private
      return method.invoke(real, arguments);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw (Exception) e.getCause();
    }
  }

  @Bean(destroyMethod = "")
  @Primary
  Backplane failingBackplane(@Qualifier("drumline.redisBackplane") Backplane real) {
    return failing(Backplane.class, real);
  }

  @Bean
  @Primary
  SessionStore failingSessions(@Qualifier("drumline.redisSessions") SessionStore real) {
    return failing(SessionStore.class, real);
  }

  @Bean
  @Primary
  ControlChannel failingControl(@Qualifier("drumline.redisControl") ControlChannel real) {
    return failing(ControlChannel.class, real);
  }

  @Bean
  @Primary
  NodeRegistry failingRegistry(@Qualifier("drumline.redisRegistry") NodeRegistry real) {
    return failing(NodeRegistry.class, real);
  }

  @Bean
  @Primary
  Revocations failingRevocations(@Qualifier("drumline.redisRevocations") Revocations real) {
    return failing(Revocations.class, real);
  }

  @EventListener
  void happened(AbstractSubProtocolEvent event) {
    injections.run(event.getClass().getSimpleName(), () -> {});
  }

  /** Has all that clients send pass through the application. */
  static final class Intercepting implements WebSocketMessageBrokerConfigurer, ChannelInterceptor {
    private final Injections injections;

    Intercepting(Injections injections) {
      this.injections = injections;
    }

    @Override
    public void configureClientInboundChannel(ChannelRegistration registration) {
      registration.interceptors(this);
    }

    @Override
    public Message<?> preSend(Message<?> message, MessageChannel channel) {
      injections.run(INTERCEPTOR, () -> {});
      return message;
    }
  }

  @Bean
  Echo echo() {
    return new Echo(injections);
  }

  /** The application's own destination; no component scan finds it. */
  @Controller
  @Profile("never")
  static final class Echo {
    private final Injections injections;

    Echo(Injections injections) {
      this.injections = injections;
    }

    @MessageMapping("/echo")
    @SendTo("/topic/echo")
    String echo(String body) {
      injections.run(HANDLER, () -> {});
      return body;
    }
  }
}
