package io.drumline.ops;

import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Marks the process as the node's own, which may exit with it; absent if the node is part of
 * another application.
 */
public final class OwnProcess
    implements ApplicationContextInitializer<ConfigurableApplicationContext> {
  @Override
  public void initialize(ConfigurableApplicationContext context) {
    context.getBeanFactory().registerSingleton("drumline.ownProcess", this);
  }
}
