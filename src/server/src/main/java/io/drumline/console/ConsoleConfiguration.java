package io.drumline.console;

import io.drumline.message.NodeId;
import jakarta.servlet.SessionCookieConfig;
import org.springframework.boot.web.servlet.ServletContextInitializer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.servlet.config.annotation.ViewControllerRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/** Serves the page in {@code static/console} at {@code /console/}. */
@Configuration(proxyBeanMethods = false)
class ConsoleConfiguration implements WebMvcConfigurer {

  /**
   * A cookie name per node: browsers send cookies to all ports of a host, so with one name a login
   * to one node would end the session of every other node on the same host or tunnel.
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
