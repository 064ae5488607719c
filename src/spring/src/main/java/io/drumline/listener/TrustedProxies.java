package io.drumline.listener;

import io.netty.handler.ipfilter.IpFilterRuleType;
import io.netty.handler.ipfilter.IpSubnetFilterRule;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The proxies whose information about client addresses is trusted; that of others is ignored.
 * Immutable; any thread.
 */
final class TrustedProxies {
  /**
   * A port is recognised only after an IPv4 address or brackets: an IPv6 address itself has colons.
   */
  private static final Pattern WITH_PORT = Pattern.compile("(\\[[^]]+]|[0-9.]+)(?::[0-9]{1,5})?");

  private final List<IpSubnetFilterRule> networks;

  /**
   * @param networks addresses or networks, such as {@code 10.0.0.0/8}
   * @throws IllegalArgumentException if one is neither
   */
  TrustedProxies(List<String> networks) {
    this.networks = networks.stream().map(TrustedProxies::network).toList();
  }

  private static IpSubnetFilterRule network(String text) {
    int slash = text.indexOf('/');
    InetAddress address = address(slash < 0 ? text : text.substring(0, slash));
    if (address != null) {
      int bits = address.getAddress().length * 8;
      try {
        int prefix = slash < 0 ? bits : Integer.parseInt(text.substring(slash + 1));
        if (prefix >= 0 && prefix <= bits) {
          return new IpSubnetFilterRule(address, prefix, IpFilterRuleType.ACCEPT);
        }
      } catch (NumberFormatException noPrefix) {
        // rejected below
      }
    }
    throw new IllegalArgumentException(
        "drumline.listener.trusted-proxies contains '%s', which is no network such as 10.0.0.0/8"
            .formatted(text));
  }

  boolean trusts(InetAddress address) {
    for (int i = 0; i < networks.size(); i++) {
      if (networks.get(i).matches(new InetSocketAddress(address, 0))) {
        return true;
      }
    }
    return false;
  }

  /**
   * The client behind a chain of proxies. Each proxy appends its peer's address to the list, so the
   * list is read backwards, as long as the proxy that added the entry is trusted.
   *
   * @param nearest the address that connected to us
   * @param forwardedFor the values of all {@code X-Forwarded-For} headers
   */
  InetAddress client(InetAddress nearest, List<String> forwardedFor) {
    if (networks.isEmpty() || forwardedFor.isEmpty()) {
      return nearest;
    }
    List<String> chain = new ArrayList<>(List.of(String.join(",", forwardedFor).split(",", -1)));
    Collections.reverse(chain);
    InetAddress client = nearest;
    for (String hop : chain) {
      InetAddress before = trusts(client) ? hop(hop.strip()) : null;
      if (before == null) {
        return client;
      }
      client = before;
    }
    return client;
  }

  /**
   * The address of a hop, possibly with a port: {@code 192.0.2.1:4711}, {@code [2001:db8::1]:4711}.
   */
  private static @Nullable InetAddress hop(String text) {
    Matcher withPort = WITH_PORT.matcher(text);
    return address(withPort.matches() ? withPort.group(1) : text);
  }

  /** Parses a numeric address; null for anything else, as no name is resolved. */
  static @Nullable InetAddress address(String text) {
    return NetUtil.createInetAddressFromIpAddressString(text);
  }
}
