package io.drumline.spring;

import io.drumline.backplane.Backplane;
import io.drumline.backplane.ControlChannel;
import io.drumline.backplane.MemoryBackplane;
import io.drumline.backplane.MemoryControl;
import io.drumline.backplane.MemoryRegistry;
import io.drumline.backplane.MemoryRevocations;
import io.drumline.backplane.MemorySessions;
import io.drumline.backplane.MessageIds;
import io.drumline.backplane.NodeRegistry;
import io.drumline.backplane.Retentions;
import io.drumline.backplane.Revocations;
import io.drumline.backplane.SessionStore;
import io.drumline.hub.EventLoops;
import io.drumline.hub.Hub;
import io.drumline.loop.NodeTimer;
import io.drumline.loop.Periodic;
import io.drumline.loop.Watchdog;
import io.drumline.message.NodeId;
import io.drumline.session.Nodes;
import io.drumline.stomp.settings.StompProperties;
import io.drumline.tracing.Spans;
import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;

/** The beans that every node has. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties({
  NodeProperties.class,
  DestinationProperties.class,
  MemoryProperties.class,
  HubProperties.class,
  NodeLeaseProperties.class
})
class NodeConfiguration {

  @Bean("drumline.periodic")
  Periodic periodic(MeterRegistry registry) {
    return new Periodic(registry);
  }

  @Bean(name = "drumline.watchdog", initMethod = "start", destroyMethod = "close")
  Watchdog watchdog(Periodic periodic, HubProperties properties, MeterRegistry registry) {
    return new Watchdog(periodic, properties.pauseLimit(), registry);
  }

  @Bean(name = "drumline.nodeTimer", destroyMethod = "close")
  NodeTimer nodeTimer() {
    return new NodeTimer();
  }

  @Bean("drumline.messageIds")
  MessageIds messageIds() {
    return new MessageIds();
  }

  @Bean("drumline.messageSizes")
  MessageSizes messageSizes(StompProperties stomp, HubProperties hub, Environment environment) {
    return new MessageSizes(stomp, hub, environment);
  }

  @Bean("drumline.retentions")
  Retentions retentions(DestinationProperties properties) {
    return properties.retentions();
  }

  @Bean("drumline.nodeId")
  NodeId nodeId(NodeProperties properties) {
    return new NodeId(properties.nodeId()); // never empty: NodeNames sets it
  }

  /** Closed by the node's life cycle, after its clients. */
  @Bean(name = "drumline.memoryBackplane", destroyMethod = "")
  @ConditionalOnProperty(name = "drumline.backplane", havingValue = "memory", matchIfMissing = true)
  Backplane memoryBackplane(
      MessageIds ids, Retentions retentions, MemoryProperties properties, MeterRegistry registry) {
    return new MemoryBackplane(ids, retentions, properties.limits(), registry);
  }

  @Bean("drumline.memorySessions")
  @ConditionalOnProperty(name = "drumline.backplane", havingValue = "memory", matchIfMissing = true)
  SessionStore memorySessions(MemoryProperties properties, MeterRegistry registry) {
    return new MemorySessions(properties.limits(), registry);
  }

  @Bean("drumline.memoryControl")
  @ConditionalOnProperty(name = "drumline.backplane", havingValue = "memory", matchIfMissing = true)
  ControlChannel memoryControl(MeterRegistry registry) {
    return new MemoryControl(registry);
  }

  @Bean("drumline.memoryRegistry")
  @ConditionalOnProperty(name = "drumline.backplane", havingValue = "memory", matchIfMissing = true)
  NodeRegistry memoryRegistry() {
    return new MemoryRegistry();
  }

  @Bean("drumline.memoryRevocations")
  @ConditionalOnProperty(name = "drumline.backplane", havingValue = "memory", matchIfMissing = true)
  Revocations memoryRevocations() {
    return new MemoryRevocations();
  }

  @Bean(name = "drumline.eventLoops", destroyMethod = "close")
  EventLoops eventLoops(HubProperties properties, Periodic periodic, Watchdog watchdog) {
    return new EventLoops(properties.threads(), periodic, watchdog);
  }

  @Bean("drumline.hub")
  Hub hub(
      EventLoops loops,
      Backplane backplane,
      MessageIds ids,
      HubProperties properties,
      MeterRegistry registry,
      ObjectProvider<Spans> spans) {
    return new Hub(loops, backplane, ids, properties.settings(), registry, spans.getIfAvailable());
  }

  /** Closed by the node's life cycle, between its clients and the backplane. */
  @Bean(name = "drumline.nodes", destroyMethod = "")
  Nodes nodes(
      NodeRegistry nodes,
      NodeLeaseProperties properties,
      Backplane backplane,
      Hub hub,
      Periodic periodic,
      MeterRegistry registry) {
    return new Nodes(
        nodes,
        properties.settings(),
        backplane::available,
        hub::connectionCount,
        periodic,
        registry);
  }
}
