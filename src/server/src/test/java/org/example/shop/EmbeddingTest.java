package org.example.shop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.drumline.backplane.Backplane;
import io.drumline.testing.StompClient;
import io.drumline.testing.StompClient.Carriage;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.Environment;

/** An application of its own package that is a Drumline node. */
class EmbeddingTest {
  /** Names that others look for: Spring's messaging, and the actuator for what it shows. */
  private static final Set<String> CONTRACTS =
      Set.of(
          "clientInboundChannel",
          "clientInboundChannelExecutor",
          "clientOutboundChannel",
          "simpleBrokerMessageHandler",
          "userDestinationMessageHandler",
          "backplaneHealthIndicator",
          "loopsHealthIndicator",
          "memoryHealthIndicator",
          "drumlineApplication");

  private static ConfigurableApplicationContext context;

  @BeforeAll
  static void start() {
    context =
        SpringApplication.run(
            Shop.class,
            "--spring.config.name=shop", // in place of application.yaml, which all tests would read
            "--server.port=0",
            "--drumline.listener.port=0");
    await().until(context.getBean(Backplane.class)::available);
  }

  @AfterAll
  static void stop() {
    context.close();
  }

  @Test
  void itsCodeServesClientsOfTheNode() {
    int port =
        context.getEnvironment().getRequiredProperty("local.drumline.listener.port", int.class);
    try (StompClient client = StompClient.open(port, Carriage.TEXT, "v12.stomp").connect("1.2")) {
      client.subscribe("s", "/topic/ordered");

      client.publish("/app/order", "a wheel");

      client.expectMessage("Ordered: a wheel");
    }
  }

  @Test
  void itsSettingsComeBeforeDrumlinesWhichStandElsewhere() {
    Environment environment = context.getEnvironment();
    assertThat(environment.getProperty("spring.application.name")).isEqualTo("shop");
    assertThat(environment.getProperty("management.endpoints.web.exposure.include"))
        .isEqualTo("health,prometheus,drain");
    assertThat(environment.getProperty("logging.pattern.console")).contains("%replace");
  }

  @Test
  void itsBeansKeepTheirNames() {
    assertThat(context.getBean("hub")).isEqualTo(List.of("a hub of wheels"));
    assertThat(context.getBean("nodes")).isEqualTo("of a graph");
    assertThat(context.getBean("gate")).isEqualTo("of the yard");
    assertThat(context.getBean("listener")).isEqualTo("of the radio");
    assertThat(context.getBean("sessions")).isEqualTo("of parliament");
    assertThat(context.getBean("drain")).isInstanceOf(Drain.class);
    assertThat(context.getBean(Orders.class)).isNotNull();
  }

  @Test
  void drumlineTakesNoNameThatAnApplicationMightChoose() {
    assertThat(Arrays.stream(context.getBeanDefinitionNames()).filter(EmbeddingTest::isDrumlines))
        .hasSizeGreaterThan(30)
        .allMatch(
            name ->
                name.startsWith("drumline.")
                    || name.startsWith("drumline-io.drumline.")
                    || name.startsWith("io.drumline.")
                    || CONTRACTS.contains(name));
  }

  private static boolean isDrumlines(String name) {
    BeanDefinition definition = context.getBeanFactory().getMergedBeanDefinition(name);
    String type =
        definition instanceof RootBeanDefinition root && root.getResolvedFactoryMethod() != null
            ? root.getResolvedFactoryMethod().getDeclaringClass().getName()
            : String.valueOf(definition.getBeanClassName());
    return type.startsWith("io.drumline.");
  }
}
