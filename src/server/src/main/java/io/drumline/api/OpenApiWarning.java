package io.drumline.api;

import io.drumline.security.SecurityProperties;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.EventListener;

/**
 * Warns at the start if clients must authenticate, but anyone may publish through the HTTP API:
 * probably the API was forgotten.
 */
final class OpenApiWarning {
  private static final Logger log = LoggerFactory.getLogger(OpenApiWarning.class);

  private final ApiProperties api;
  private final ControlPlaneAccess access;
  private final ObjectProvider<SecurityProperties> security;

  OpenApiWarning(
      ApiProperties api, ControlPlaneAccess access, ObjectProvider<SecurityProperties> security) {
    this.api = api;
    this.access = access;
    this.security = security;
  }

  @EventListener
  void ready(ApplicationReadyEvent event) {
    SecurityProperties clients = security.getIfAvailable();
    boolean locked =
        clients != null && clients.authentication() && !Boolean.TRUE.equals(clients.anonymous());
    if (locked && access.open() && api.anonymous() == null) {
      log.warn(
          "Clients need a token or a login, but anybody who reaches port {} may publish by POST"
              + " /api/v1/publish: set drumline.api.keys or drumline.api.tokens=true, or"
              + " drumline.api.anonymous=true if that is meant",
          event.getApplicationContext().getEnvironment().getProperty("local.server.port"));
    }
  }
}
