package io.drumline.listener;

import io.netty.channel.Channel;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.time.Duration;
import java.util.Arrays;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.ssl.NoSuchSslBundleException;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.ssl.SslOptions;

/**
 * TLS for the client listener, from one of Spring's SSL bundles. When the bundle is reloaded, new
 * connections use the new certificate; open connections keep theirs.
 */
final class Tls {
  private static final Logger log = LoggerFactory.getLogger(Tls.class);

  /**
   * A WebSocket is opened over HTTP/1.1: clients that only support other protocols get a TLS alert.
   */
  private static final ApplicationProtocolConfig HTTP_1_1 =
      new ApplicationProtocolConfig(
          Protocol.ALPN,
          SelectorFailureBehavior.FATAL_ALERT,
          SelectedListenerFailureBehavior.FATAL_ALERT,
          ApplicationProtocolNames.HTTP_1_1);

  /** A property of the JDK, read at the first handshake. */
  private static final String NO_RENEGOTIATION = "jdk.tls.rejectClientInitiatedRenegotiation";

  static {
    // Else a client of TLS 1.2 could renegotiate as often as it likes on an open connection, at far
    // higher cost to the server than to itself.
    if (System.getProperty(NO_RENEGOTIATION) == null) {
      System.setProperty(NO_RENEGOTIATION, "true");
    }
  }

  private final Duration timeout;
  private volatile SslContext context;

  /**
   * @param timeout for a handshake
   * @throws CannotListenException if there is no such bundle, or it has no usable certificate
   */
  Tls(String name, SslBundles bundles, Duration timeout) {
    this.timeout = timeout;
    try {
      context = context(bundles.getBundle(name));
    } catch (NoSuchSslBundleException unknown) {
      throw new CannotListenException(
          "drumline.listener.ssl-bundle is %s, but there is no such bundle in spring.ssl.bundle."
              .formatted(name));
    } catch (SSLException | RuntimeException unusable) {
      throw new CannotListenException(
          "drumline.listener.ssl-bundle: the bundle %s cannot be used: %s."
              .formatted(name, unusable.getMessage()));
    }
    bundles.addBundleUpdateHandler(name, bundle -> reload(name, bundle));
  }

  private void reload(String name, SslBundle bundle) {
    try {
      context = context(bundle);
      log.info("TLS certificate reloaded from SSL bundle {}", name);
    } catch (SSLException | RuntimeException unusable) {
      log.error("SSL bundle {} cannot be used; keeping what was there", name, unusable);
    }
  }

  private static SslContext context(SslBundle bundle) throws SSLException {
    if (bundle.getStores().getKeyStore() == null) {
      throw new SSLException("it has no private key");
    }
    SslOptions options = bundle.getOptions();
    String @Nullable [] ciphers = options.getCiphers();
    return SslContextBuilder.forServer(bundle.getManagers().getKeyManagerFactory())
        .sslProvider(SslProvider.JDK)
        .protocols(options.getEnabledProtocols())
        .ciphers(ciphers == null ? null : Arrays.asList(ciphers))
        .applicationProtocolConfig(HTTP_1_1)
        .build();
  }

  /** Creates the handler of one connection, with the current certificate. */
  SslHandler handler(Channel channel) {
    SslHandler handler = context.newHandler(channel.alloc());
    handler.setHandshakeTimeoutMillis(timeout.toMillis());
    return handler;
  }
}
