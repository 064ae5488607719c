package io.drumline.console;

import io.drumline.message.NodeId;
import jakarta.servlet.SessionCookieConfig;
import org.springframework.boot.web.servlet.ServletContextInitializer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.servlet.config.annotation.ViewControllerRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/** Where the page is: {@code static/console}, at {@code /console/}. */
@Configuration(proxyBeanMethods = false)
class ConsoleConfiguration implements WebMvcConfigurer {

  /**
   * Browsers do not tell ports of a host apart: with one name for all, to log in to a node would
   * log out of every other node of the same machine or tunnel.
   */
  @Bean("drumline.cookieOfThisNode")
  ServletContextInitializer cookieOfThisNode(NodeId node) {
    return context -> {
      SessionCookieConfig cookie = context.getSessionCookieConfig();
      cookie.setName(cookie.getName() + '-' + Integer.toHexString(node.value().hashCode()));
    };
  }

  @Override
  public void addViewControllers(ViewControllerRegistry pages) {
    pages.addRedirectViewController("/console", "/console/");
    pages.addViewController("/console/").setViewName("forward:/console/index.html");
  }
}
