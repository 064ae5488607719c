package io.drumline.stomp;

import io.drumline.backplane.Backplane;
import io.drumline.backplane.ControlChannel;
import io.drumline.backplane.MessageIds;
import io.drumline.backplane.Revocations;
import io.drumline.hub.Hub;
import io.drumline.loop.NodeTimer;
import io.drumline.loop.Periodic;
import io.drumline.message.NodeId;
import io.drumline.publish.Publisher;
import io.drumline.security.Authenticator;
import io.drumline.security.DestinationPolicy;
import io.drumline.security.Limits;
import io.drumline.security.SecurityProperties;
import io.drumline.session.ClusterView;
import io.drumline.session.Nodes;
import io.drumline.session.SharedSessions;
import io.drumline.stomp.access.ClientIndex;
import io.drumline.stomp.access.Guard;
import io.drumline.stomp.access.NewDestinations;
import io.drumline.stomp.application.ApplicationHandler;
import io.drumline.stomp.application.ApplicationQueue;
import io.drumline.stomp.application.InboundDoor;
import io.drumline.stomp.application.SpringBridge;
import io.drumline.stomp.application.Unmapped;
import io.drumline.stomp.client.StompMetrics;
import io.drumline.stomp.settings.StompProperties;
import io.drumline.tracing.Spans;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.beans.factory.config.CustomScopeConfigurer;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.messaging.converter.DefaultContentTypeResolver;
import org.springframework.messaging.converter.JacksonJsonMessageConverter;
import org.springframework.messaging.converter.MessageConverter;
import org.springframework.messaging.handler.invocation.HandlerMethodArgumentResolver;
import org.springframework.messaging.handler.invocation.HandlerMethodReturnValueHandler;
import org.springframework.messaging.simp.SimpMessagingTemplate;
import org.springframework.messaging.simp.SimpSessionScope;
import org.springframework.messaging.simp.annotation.support.SimpAnnotationMethodMessageHandler;
import org.springframework.messaging.simp.broker.AbstractBrokerMessageHandler;
import org.springframework.messaging.simp.config.AbstractMessageBrokerConfiguration;
import org.springframework.messaging.simp.config.ChannelRegistration;
import org.springframework.messaging.simp.config.MessageBrokerRegistry;
import org.springframework.messaging.simp.user.SimpUserRegistry;
import org.springframework.messaging.simp.user.UserDestinationMessageHandler;
import org.springframework.messaging.simp.user.UserDestinationResolver;
import org.springframework.messaging.support.AbstractSubscribableChannel;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.util.MimeTypeUtils;
import org.springframework.web.socket.config.annotation.WebSocketMessageBrokerConfigurer;
import org.springframework.web.socket.messaging.DefaultSimpUserRegistry;
import tools.jackson.databind.json.JsonMapper;

/**
 * Spring's messaging, as {@code @EnableWebSocketMessageBroker} sets it up, with our broker and
 * without servlet WebSockets. Beans of type {@link WebSocketMessageBrokerConfigurer} are called as
 * usual, except for endpoints and transport, which the listener provides.
 */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(StompProperties.class)
class MessagingConfiguration extends AbstractMessageBrokerConfiguration {
  private static final String APPLICATION_PREFIX = "/app";

  private final List<WebSocketMessageBrokerConfigurer> configurers;
  private final ObjectProvider<JsonMapper> jsonMapper;
  private final ObjectProvider<StompSessions> sessions;
  private final ObjectProvider<RemoteSessions> remoteSessions;
  private final ObjectProvider<MeterRegistry> registry;

  MessagingConfiguration(
      ObjectProvider<WebSocketMessageBrokerConfigurer> configurers,
      ObjectProvider<JsonMapper> jsonMapper,
      ObjectProvider<StompSessions> sessions,
      ObjectProvider<RemoteSessions> remoteSessions,
      ObjectProvider<MeterRegistry> registry) {
    this.configurers = configurers.orderedStream().toList();
    this.jsonMapper = jsonMapper;
    this.sessions = sessions;
    this.remoteSessions = remoteSessions;
    this.registry = registry;
  }

  @Bean("drumline.publisher")
  Publisher publisher(Backplane backplane, ObjectProvider<Spans> spans, MeterRegistry registry) {
    return new Publisher(backplane, spans.getIfAvailable(), registry);
  }

  @Bean("drumline.applicationQueue")
  ApplicationQueue applicationQueue(
      @Qualifier("clientInboundChannelExecutor") Executor executor,
      StompProperties properties,
      MeterRegistry registry,
      Periodic periodic,
      NodeTimer timer) {
    return new ApplicationQueue(
        executor,
        properties.inboundLimit().toBytes(),
        registry,
        periodic.guard("application"),
        timer);
  }

  @Bean("drumline.springBridge")
  SpringBridge springBridge(
      AbstractSubscribableChannel clientInboundChannel,
      ApplicationQueue queue,
      ApplicationEventPublisher events,
      SimpAnnotationMethodMessageHandler applicationHandler,
      StompProperties properties,
      MeterRegistry registry,
      ObjectProvider<Spans> spans) {
    return new SpringBridge(
        clientInboundChannel,
        queue,
        events,
        applicationHandler.getDestinationPrefixes(),
        new Unmapped(properties.unmapped(), registry),
        spans.getIfAvailable());
  }

  @Bean("drumline.stompSessions")
  StompSessions stompSessions(
      Hub hub,
      Publisher publisher,
      SpringBridge bridge,
      StompProperties properties,
      MeterRegistry registry,
      NodeId node,
      SharedSessions shared,
      Guard guard) {
    return new StompSessions(
        hub,
        publisher,
        bridge,
        properties,
        new StompMetrics(registry),
        node,
        shared,
        guard,
        new NewDestinations(properties.newDestinations(), System::nanoTime, registry));
  }

  @Bean("drumline.guard")
  Guard guard(
      Authenticator authenticator,
      DestinationPolicy policy,
      Limits limits,
      Revocations revocations,
      SecurityProperties properties) {
    ClientIndex clients = new ClientIndex(properties.maxConnectionsPerUser());
    return new Guard(authenticator, policy, limits, revocations, clients);
  }

  @Bean(name = "drumline.expulsions", initMethod = "start", destroyMethod = "close")
  Expulsions expulsions(
      Revocations revocations,
      ControlChannel control,
      StompSessions stompSessions,
      Nodes nodes,
      MeterRegistry registry,
      NodeTimer timer,
      Periodic periodic) {
    return new Expulsions(
        revocations,
        control,
        stompSessions,
        () -> nodes.view().map(ClusterView::alive).orElse(0),
        registry,
        timer,
        periodic.guard("blocks"));
  }

  @Bean(name = "drumline.remoteSessions", initMethod = "start")
  RemoteSessions remoteSessions(
      StompSessions stompSessions, ControlChannel control, MeterRegistry registry) {
    return new RemoteSessions(stompSessions, control, registry);
  }

  @Bean("drumline.foreignEndpoints")
  static ForeignEndpoints foreignEndpoints(ListableBeanFactory beans) {
    return new ForeignEndpoints(beans);
  }

  @Bean("drumline.clientOutbound")
  ClientOutbound clientOutbound(
      StompSessions stompSessions,
      MessageIds ids,
      AbstractSubscribableChannel clientOutboundChannel) {
    ClientOutbound handler = new ClientOutbound(stompSessions, ids);
    clientOutboundChannel.subscribe(handler);
    return handler;
  }

  @Bean("drumline.webSocketScopeConfigurer")
  static CustomScopeConfigurer webSocketScopeConfigurer() {
    CustomScopeConfigurer configurer = new CustomScopeConfigurer();
    configurer.setScopes(Map.of("websocket", new SimpSessionScope()));
    return configurer;
  }

  /**
   * Bounds the queue, which Spring leaves unbounded; a pool set up by the application is left
   * unchanged.
   */
  @Override
  @Bean
  public Executor clientInboundChannelExecutor() {
    Executor executor = super.clientInboundChannelExecutor();
    if (executor instanceof ThreadPoolTaskExecutor pool
        && pool.getQueueCapacity() == Integer.MAX_VALUE) {
      pool.setMaxPoolSize(pool.getCorePoolSize()); // else a full queue starts threads without limit
      pool.setQueueCapacity(ApplicationQueue.MOST_WAITING);
    }
    return executor;
  }

  /** Sends on the caller's thread: sessions call it in order, each on its own serial executor. */
  @Override
  @Bean
  public AbstractSubscribableChannel clientInboundChannel(
      @Qualifier("clientInboundChannelExecutor") Executor executor) {
    return super.clientInboundChannel(Runnable::run);
  }

  /** Sends on the caller's thread: its only handler passes messages to an event loop. */
  @Override
  @Bean
  public AbstractSubscribableChannel clientOutboundChannel(
      @Qualifier("clientOutboundChannelExecutor") Executor executor) {
    return super.clientOutboundChannel(Runnable::run);
  }

  /** Our broker, even if the application's configurers enable another. */
  @Override
  @Bean
  public AbstractBrokerMessageHandler simpleBrokerMessageHandler(
      AbstractSubscribableChannel clientInboundChannel,
      AbstractSubscribableChannel clientOutboundChannel,
      AbstractSubscribableChannel brokerChannel,
      UserDestinationResolver userDestinationResolver) {
    Broker broker =
        new Broker(
            clientInboundChannel,
            clientOutboundChannel,
            brokerChannel,
            sessions.getObject(),
            remoteSessions.getObject(),
            new InboundDoor(registry.getObject()));
    broker.setPhase(getPhase()); // before the listener accepts clients
    return broker;
  }

  /** Resolves nothing: the broker handles user destinations, cluster-wide. */
  @Override
  @Bean
  public UserDestinationMessageHandler userDestinationMessageHandler(
      AbstractSubscribableChannel clientInboundChannel,
      AbstractSubscribableChannel clientOutboundChannel,
      AbstractSubscribableChannel brokerChannel,
      UserDestinationResolver userDestinationResolver) {
    UserDestinationMessageHandler handler =
        new UserDestinationMessageHandler(clientInboundChannel, brokerChannel, message -> null);
    handler.setPhase(getPhase());
    return handler;
  }

  @Override
  protected void configureMessageBroker(MessageBrokerRegistry registry) {
    registry.setApplicationDestinationPrefixes(APPLICATION_PREFIX);
    configurers.forEach(configurer -> configurer.configureMessageBroker(registry));
  }

  @Override
  protected void configureClientInboundChannel(ChannelRegistration registration) {
    configurers.forEach(configurer -> configurer.configureClientInboundChannel(registration));
  }

  @Override
  protected void configureClientOutboundChannel(ChannelRegistration registration) {
    configurers.forEach(configurer -> configurer.configureClientOutboundChannel(registration));
  }

  @Override
  protected void addArgumentResolvers(List<HandlerMethodArgumentResolver> resolvers) {
    configurers.forEach(configurer -> configurer.addArgumentResolvers(resolvers));
  }

  @Override
  protected void addReturnValueHandlers(List<HandlerMethodReturnValueHandler> handlers) {
    configurers.forEach(configurer -> configurer.addReturnValueHandlers(handlers));
  }

  @Override
  protected boolean configureMessageConverters(List<MessageConverter> converters) {
    boolean defaults = true;
    for (WebSocketMessageBrokerConfigurer configurer : configurers) {
      defaults &= configurer.configureMessageConverters(converters);
    }
    return defaults;
  }

  @Override
  protected SimpAnnotationMethodMessageHandler createAnnotationMethodMessageHandler(
      AbstractSubscribableChannel clientInboundChannel,
      AbstractSubscribableChannel clientOutboundChannel,
      SimpMessagingTemplate brokerMessagingTemplate) {
    SimpAnnotationMethodMessageHandler handler =
        new ApplicationHandler(
            clientInboundChannel, clientOutboundChannel, brokerMessagingTemplate);
    handler.setPhase(getPhase());
    return handler;
  }

  @Override
  protected JacksonJsonMessageConverter createJacksonJsonConverter() {
    JsonMapper mapper = jsonMapper.getIfAvailable();
    if (mapper == null) {
      return super.createJacksonJsonConverter();
    }
    DefaultContentTypeResolver resolver = new DefaultContentTypeResolver();
    resolver.setDefaultMimeType(MimeTypeUtils.APPLICATION_JSON);
    JacksonJsonMessageConverter converter = new JacksonJsonMessageConverter(mapper);
    converter.setContentTypeResolver(resolver);
    return converter;
  }

  @Override
  protected SimpUserRegistry createLocalUserRegistry(@Nullable Integer order) {
    DefaultSimpUserRegistry registry = new DefaultSimpUserRegistry();
    if (order != null) {
      registry.setOrder(order);
    }
    return registry;
  }
}
