package io.drumline.ops;

import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Says that the process is the node's own: it ends with it. Not so where the node is part of
 * another application.
 */
public final class OwnProcess
    implements ApplicationContextInitializer<ConfigurableApplicationContext> {
  @Override
  public void initialize(ConfigurableApplicationContext context) {
    context.getBeanFactory().registerSingleton("drumline.ownProcess", this);
  }
}
