package io.drumline.listener;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.validation.autoconfigure.ValidationAutoConfiguration;

class ListenerPropertiesTest {
  @EnableConfigurationProperties(ListenerProperties.class)
  static class Configuration {}

  private final ApplicationContextRunner runner =
      new ApplicationContextRunner()
          .withConfiguration(AutoConfigurations.of(ValidationAutoConfiguration.class))
          .withUserConfiguration(Configuration.class);

  @Test
  void hasDefaults() {
    runner.run(
        context ->
            assertThat(context.getBean(ListenerProperties.class))
                .satisfies(
                    properties -> {
                      assertThat(properties.port()).isEqualTo(8080);
                      assertThat(properties.address()).isNull();
                      assertThat(properties.path()).isEqualTo("/ws");
                      assertThat(properties.pingInterval()).isEqualTo(Duration.ofSeconds(25));
                      assertThat(properties.maxMessageBytes().toBytes())
                          .isEqualTo((1024 + 64) * 1024);
                    }));
  }

  @Test
  void readsAddressesAndSizes() {
    runner
        .withPropertyValues(
            "drumline.listener.address=127.0.0.1", "drumline.listener.max-frame-bytes=2MB")
        .run(
            context ->
                assertThat(context.getBean(ListenerProperties.class))
                    .satisfies(
                        properties -> {
                          assertThat(String.valueOf(properties.address())).endsWith("/127.0.0.1");
                          assertThat(properties.maxFrameBytes().toMegabytes()).isEqualTo(2);
                        }));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "port=70000",
        "port=-1",
        "path=ws",
        "path=/healthz",
        "path=/ws?x",
        "max-connections=0",
        "ping-interval=0s",
        "handshake-timeout=-1s",
        "max-frame-bytes=3GB",
        "max-message-bytes=10",
        "proxy-protocol=true",
        "trusted-proxies=proxy.example.org",
        "connects-per-second=0",
        "send-buffer=1KB",
        "send-buffer=1GB",
        "unknown-subprotocol=close",
        "no-such-setting=1",
      })
  void refuses(String setting) {
    runner
        .withPropertyValues("drumline.listener." + setting)
        .run(context -> assertThat(context).hasFailed());
  }
}
